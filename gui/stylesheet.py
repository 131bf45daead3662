"""The style sheet of all widgets, made from a style. What widgets paint themselves asks the style directly."""

from PySide6.QtGui import QColor

from gui.style import Style

_SHEET = """
* {{ font-size: {font}px; }}
QWidget {{ color: {text}; selection-background-color: {accent}; selection-color: {accent_text}; }}
QMainWindow, QDialog, QMessageBox, #desk {{ background: {window}; }}
QToolTip {{ background: {panel}; color: {text}; border: 1px solid {line}; padding: 4px; font-size: {small}px; }}
QLabel[warning="true"] {{ color: {warning}; font-weight: bold; }}
QLabel[role="subtitle"] {{ font-size: {subtitle}px; padding: 2px 24px 6px 24px; }}
QStatusBar, QMenuBar {{ background: {window}; }}
QMenuBar::item {{ padding: 3px 8px; background: transparent; border-radius: {radius}px; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {panel}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 4px 22px 4px 22px; border-radius: {radius}px; }}
QMenu::item:selected {{ background: {accent}; color: {accent_text}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 6px; }}

ControlPanel, ControlPanel *, Transport *, StatusStrip * {{ font-size: {small}px; }}
ControlPanel QScrollArea, ControlPanel #controls {{ background: transparent; border: none; }}
Section, LanePanel {{ background: {panel}; border: 1px solid {grid}; border-radius: {section_radius}px; }}
QLabel {{ background: transparent; }}
QLabel:disabled {{ color: {faint}; }}
QLabel[role="label"] {{ color: {muted}; }}
QLabel[role="label"]:disabled {{ color: {faint}; }}
QLabel[role="note"] {{ color: {muted}; }}
QLabel[role="complaint"] {{ color: {danger}; }}

QLineEdit, QComboBox {{
    background: {field}; border: 1px solid {line}; border-radius: {radius}px;
    padding: {inset}px 4px; min-height: {row}px;
}}
QLineEdit:hover, QComboBox:hover {{ border-color: {muted}; }}
QLineEdit:focus, QComboBox:focus, QComboBox:on {{
    border: 2px solid {accent}; padding: {inset_focus}px 3px;
}}
QLineEdit[invalid="true"] {{ border: 2px solid {danger}; padding: {inset_focus}px 3px; background: {danger_wash}; }}
QLineEdit:disabled, QComboBox:disabled {{ color: {faint}; background: {window}; border-color: {grid}; }}
QLineEdit[role="title"] {{
    background: transparent; border: 1px solid transparent; font-weight: bold; padding: 0px 3px;
    placeholder-text-color: {text};
}}
QLineEdit[role="title"]:hover {{ border-color: {line}; }}
QLineEdit[role="title"]:focus {{ background: {field}; border: 2px solid {accent}; padding: 0px 2px; }}
QLineEdit[role="title"][invalid="true"] {{ border: 2px solid {danger}; padding: 0px 2px; }}
QComboBox {{ padding-right: 16px; }}
QComboBox:focus, QComboBox:on {{ padding-right: 15px; }}
QComboBox::drop-down {{ border: none; width: 16px; }}
QComboBox::down-arrow {{ image: none; width: 0px; height: 0px; }}
QComboBoxPrivateContainer {{ background: {panel}; border: none; }}
QComboBox QAbstractItemView {{
    background: {panel}; color: {text}; border: 1px solid {line}; outline: none;
    selection-background-color: {accent}; selection-color: {accent_text};
}}
QComboBox QAbstractItemView::item {{ min-height: {item}px; padding: 1px 5px; border-radius: {radius}px; }}
QComboBox QAbstractItemView::item:selected {{ background: {accent}; color: {accent_text}; }}
QComboBox QAbstractItemView::item:disabled {{ color: {faint}; background: transparent; }}

QTableView {{ background: {panel}; color: {text}; border: 1px solid {line}; gridline-color: {grid}; }}
QTableView:focus {{ border: 2px solid {accent}; }}
QTreeView, QListView, QTextBrowser {{
    background: {panel}; color: {text}; border: 1px solid {line}; border-radius: {radius}px; outline: none;
}}
QTreeView:focus, QListView:focus, QTextBrowser:focus {{ border: 2px solid {accent}; }}
QTreeView::item {{ min-height: {item}px; }}
QTreeView::item:selected, QListView::item:selected {{ background: {accent}; color: {accent_text}; }}
QTreeView::item:selected:!active, QListView::item:selected:!active {{ background: {pressed}; color: {text}; }}
QTableView::item:selected {{ background: {accent}; color: {accent_text}; }}
QHeaderView {{ background: {window}; }}
QHeaderView::section {{
    background: {window}; color: {muted}; border: none; border-right: 1px solid {grid};
    border-bottom: 1px solid {grid}; padding: 2px 6px;
}}
QTableCornerButton::section {{ background: {window}; border: none; }}

QCheckBox {{ spacing: 6px; border-radius: {radius}px; padding: 1px 2px; border: 1px solid transparent; }}
QCheckBox:focus {{ border: 1px solid {accent}; background: {hover}; }}
QCheckBox:disabled {{ color: {faint}; }}
QCheckBox::indicator {{
    width: {indicator}px; height: {indicator}px; border: 1px solid {muted}; border-radius: 3px; background: {field};
}}
QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; }}
QCheckBox::indicator:disabled {{ border-color: {grid}; background: {window}; }}
QCheckBox::indicator:checked:disabled {{ background: {faint}; border-color: {faint}; }}

QSlider {{ background: transparent; border: 1px solid transparent; border-radius: {radius}px; }}
QSlider::groove:horizontal {{ height: {groove}px; border-radius: {groove_radius}px; background: {line}; margin: 0px 1px; }}
QSlider::sub-page:horizontal {{
    height: {groove}px; border-radius: {groove_radius}px; background: {accent}; margin: 0px 1px;
}}
QSlider::handle:horizontal {{
    width: {handle}px; height: {handle}px; margin: -{handle_out}px 0px; border-radius: {handle_radius}px;
    background: {field}; border: 2px solid {accent};
}}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:pressed {{ background: {accent}; }}
QSlider:focus {{ border: 1px solid {accent}; background: {hover}; }}
QSlider::handle:horizontal:focus {{ background: {accent}; }}
QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {grid}; }}
QSlider::handle:horizontal:disabled {{ border-color: {line}; background: {window}; }}

QToolButton, QPushButton {{
    background: {field}; border: 1px solid {line}; border-radius: {radius}px; padding: {inset}px 7px;
    min-height: {row}px;
}}
QToolButton:hover, QPushButton:hover {{ background: {hover}; border-color: {muted}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {pressed}; }}
QToolButton:focus, QPushButton:focus {{ border: 2px solid {accent}; padding: {inset_focus}px 6px; }}
QToolButton:disabled, QPushButton:disabled {{ color: {faint}; background: {window}; border-color: {grid}; }}
QToolButton::menu-indicator {{ image: none; width: 0px; }}
QToolButton[role="main"] {{ background: {accent}; color: {accent_text}; border-color: {accent}; font-weight: bold; }}
QToolButton[role="main"]:hover {{ background: {accent_hover}; }}
QToolButton[role="main"]:focus {{ border: 2px solid {text}; }}
QToolButton[role="main"]:disabled {{ background: {window}; color: {faint}; border-color: {grid}; }}
QToolButton[role="icon"] {{ padding: {inset}px 4px; }}
QToolButton[role="icon"]:focus {{ padding: {inset_focus}px 3px; }}
QToolButton[role="flat"] {{ background: transparent; border: 1px solid transparent; padding: 0px 2px; }}
QToolButton[role="flat"]:hover {{ background: {hover}; border-color: {line}; }}
QToolButton[role="flat"]:focus {{ border: 2px solid {accent}; padding: 0px 1px; }}
QToolButton[role="stepper"] {{ padding: {inset}px 0px; min-width: {row}px; }}
QToolButton[role="stepper"]:focus {{ padding: {inset_focus}px 0px; }}
QToolButton[role="chip"] {{ border-radius: {chip}px; padding: 0px 8px; color: {muted}; }}
QToolButton[role="chip"]:checked {{
    background: {accent}; color: {accent_text}; border-color: {accent}; text-decoration: underline;
}}
QToolButton[role="chip"]:focus {{ border: 2px solid {text}; padding: 0px 7px; }}
QToolButton[role="chip"]:disabled {{ color: {faint}; background: {window}; border-color: {grid}; }}
QPushButton[role="link"] {{
    background: transparent; border: 1px solid transparent; color: {accent_on_panel}; padding: 0px 1px;
    text-align: left; min-height: {item}px;
}}
QPushButton[role="link"]:hover {{ background: transparent; text-decoration: underline; }}
QPushButton[role="link"]:focus {{ border: 1px solid {accent}; background: {hover}; }}
QPushButton[role="link"]:disabled {{ color: {faint}; }}

QProgressBar {{ background: {grid}; border: none; border-radius: 3px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0px; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0px; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def stylesheet(chosen: Style) -> str:
    """The Qt style sheet of the window and all its controls; the focus is always framed in the accent."""
    small = chosen.small_font_size
    groove = max(4, round(small * 0.36))
    handle = round(small * 0.9)
    field = chosen.panel
    return _SHEET.format(
        font=chosen.font_size,
        small=small,
        text=chosen.text,
        muted=chosen.muted,
        window=chosen.window,
        panel=chosen.panel,
        field=field,
        line=chosen.line,
        grid=chosen.grid,
        accent=chosen.accent,
        accent_text=chosen.accent_text,
        accent_on_panel=chosen.accent,
        accent_hover=blended(chosen.accent, chosen.text, 0.15),
        danger=chosen.danger,
        danger_wash=blended(field, chosen.danger, 0.10),
        warning=chosen.warning,
        faint=blended(chosen.panel, chosen.muted, 0.55),
        hover=blended(chosen.panel, chosen.accent, 0.12),
        pressed=blended(chosen.panel, chosen.accent, 0.28),
        radius=4,
        section_radius=6,
        row=round(small * 1.36),
        item=round(small * 1.7),
        inset=2,
        inset_focus=1,
        indicator=round(small * 1.1),
        groove=groove,
        groove_radius=groove // 2,
        handle=handle,
        subtitle=round(1.1 * chosen.font_size),
        handle_out=(handle + 4 - groove) // 2,
        handle_radius=(handle + 4) // 2,
        chip=round(small * 0.7),
    )


def blended(under: str, over: str, share: float) -> str:
    """A colour between two, '#rrggbb', with so much of `over`."""
    below, above = QColor(under), QColor(over)
    parts = (
        round(getattr(below, part)() * (1 - share) + getattr(above, part)() * share)
        for part in ("red", "green", "blue")
    )
    return "#" + "".join(f"{part:02x}" for part in parts)
