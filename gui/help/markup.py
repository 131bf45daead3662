"""A page as rich text in a style. A link leads to a page's key, a picture's address is a formula's place."""

import html
import re
from collections.abc import Callable

from gui.help.pages import Page, Row
from gui.style import Style
from gui.stylesheet import blended

FORMULA = "formula:"
PAGE = "page:"
NAMES = "32%"
"""The column of names in a list."""


def rich_text(page: Page, style: Style, title_of: Callable[[str], str]) -> str:
    """The page as HTML; `title_of` gives the title of the page that a link leads to, '' for none.

    The n-th formula is an image with the address 'formula:n'.
    """
    parts = [_crumb(page, style, title_of), f"<h1>{_words(page.title, style)}</h1>"]
    if page.lead:
        parts.append(f'<p class="lead">{_words(page.lead, style)}</p>')
    parts += [
        f'<p class="formula"><img src="{FORMULA}{number}" alt="{html.escape(formula)}"></p>'
        for number, formula in enumerate(page.formulas)
    ]
    parts += [f"<p>{_words(each, style)}</p>" for each in page.paragraphs]
    parts += _said("When", page.right_where, style)
    parts += _said("Requires", page.requires, style) + _said("Promise", page.promise, style)
    parts += _said("Try", page.try_it, style)
    if page.rows:
        parts += [*_heading(page.rows_title), _table(page.rows, style)]
    parts += _said("Source", page.source, style)
    links = [_link(key, title_of(key), style) for key in page.see_also if title_of(key)]
    if links:
        parts += [*_heading("See also"), f"<p>{', '.join(links)}</p>"]
    return f"<html><head><style>{_sheet(style)}</style></head><body>{''.join(parts)}</body></html>"


def _sheet(style: Style) -> str:
    size = style.font_size
    return (
        f"body {{ color: {style.text}; font-size: {size}px; }}"
        f"h1 {{ font-size: {round(1.55 * size)}px; margin: 0px 0px 4px 0px; }}"
        f"p.heading {{ color: {style.muted}; font-weight: bold; margin: 14px 0px 2px 0px; }}"
        "p { margin: 5px 0px; line-height: 125%; }"
        f"p.lead {{ font-size: {round(1.12 * size)}px; margin-bottom: 8px; }}"
        "p.formula { margin: 7px 0px 7px 14px; }"
        f"p.crumb {{ color: {style.muted}; font-size: {style.small_font_size}px; margin: 0px 0px 2px 0px; }}"
        f"a {{ color: {style.accent}; text-decoration: underline; }}"
        f"code {{ background: {blended(style.panel, style.muted, 0.14)}; }}"
        f"td {{ padding: 2px 12px 2px 0px; vertical-align: top; }}"
        f"td.note {{ color: {style.muted}; }}"
        f"td.group {{ color: {style.muted}; font-weight: bold; padding-top: 10px; }}"
    )


def _crumb(page: Page, style: Style, title_of: Callable[[str], str]) -> str:
    whole = title_of(page.part_of) if page.part_of else ""
    return f'<p class="crumb">Part of: {_link(page.part_of, whole, style)}</p>' if whole else ""


def _heading(title: str) -> list[str]:
    # Qt enlarges the lower headings of HTML whatever the sheet says, so these are paragraphs.
    return [f'<p class="heading">{html.escape(title)}</p>'] if title else []


def _said(title: str, words: str, style: Style) -> list[str]:
    return [*_heading(title), f"<p>{_words(words, style)}</p>"] if words else []


def _table(rows: tuple[Row, ...], style: Style) -> str:
    """Rows in one table; where their notes are few they are headings of groups, else a column of their own."""
    notes = [row.note for row in rows]
    grouped = len(set(notes)) < len(notes) / 2 and any(notes)
    cells, group = [], ""
    for row in rows:
        if grouped and row.note != group:
            group = row.note
            cells.append(f'<tr><td class="group" colspan="2">{_words(group, style)}</td></tr>')
        if not row.words:
            cells.append(f'<tr><td colspan="3">{_words(row.name, style)}</td></tr>')
            continue
        name = _link(row.key, row.name, style) if row.key else f"<b>{_words(row.name, style)}</b>"
        note = f'<td class="note">{_words(row.note, style)}</td>' if any(notes) and not grouped else ""
        cells.append(f'<tr><td width="{NAMES}">{name}</td><td>{_words(row.words, style)}</td>{note}</tr>')
    return f'<table cellspacing="0" width="100%">{"".join(cells)}</table>'


def _link(key: str, words: str, style: Style) -> str:
    return f'<a href="{PAGE}{html.escape(key)}">{_words(words, style)}</a>'


def _words(text: str, style: Style) -> str:
    """Words as they are, with what stands between backticks as code and between double stars in bold."""
    escaped = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", html.escape(text, quote=False))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
