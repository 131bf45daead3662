"""What is set in the control panel, as edits of the session's experiment."""

from gui import edits
from gui.controls.panel import ControlPanel
from gui.defaults import with_panel_defaults
from gui.session import Session


def connect_panel(panel: ControlPanel, session: Session) -> None:
    """Whatever is set in the panel becomes an edit of the session, under a name that undo tells."""
    panel.data_chosen.connect(lambda name: session.edit("choose data", lambda e: edits.with_story(e, name)))
    panel.data_changed.connect(
        lambda setting, value, final: session.edit(
            f"{_words(setting)} of the data",
            lambda e: edits.with_data_setting(e, setting, value),
            final,
        )
    )
    panel.model_chosen.connect(
        lambda name: session.edit("choose model", lambda e: edits.with_model(e, name, session.preparation))
    )
    panel.model_changed.connect(
        lambda setting, value, final: session.edit(
            f"{_words(setting)} of the model", lambda e: edits.with_model_setting(e, setting, value), final
        )
    )
    panel.start_chosen.connect(
        lambda name: session.edit(
            "choose start", lambda e: edits.with_start(e, name, session.present_start())
        )
    )
    panel.start_changed.connect(
        lambda setting, value, final: session.edit(
            f"{_words(setting)} of the start",
            lambda e: e.replace(start=edits.changed(e.start, setting, value, "[start]")),
            final,
        )
    )
    panel.stop_changed.connect(
        lambda setting, value, final: session.edit(
            _words(setting),
            lambda e: e.replace(stop=edits.changed(e.stop, setting, value, "[stop]")),
            final,
        )
    )
    panel.lane_algorithm_chosen.connect(
        lambda index, name: session.edit(
            "choose algorithm", lambda e: edits.with_lane_algorithm(e, index, name)
        )
    )
    panel.lane_changed.connect(session.adjust_lane)
    panel.lane_renamed.connect(
        lambda index, name: session.edit("rename lane", lambda e: edits.with_lane_name(e, index, name))
    )
    panel.lane_added.connect(lambda: session.edit("add lane", lambda e: edits.with_another_lane(e, -1)))
    panel.lane_removed.connect(
        lambda index: session.edit("remove lane", lambda e: edits.without_lane(e, index))
    )
    panel.lane_duplicated.connect(
        lambda index: session.edit("duplicate lane", lambda e: edits.with_another_lane(e, index))
    )
    panel.lane_moved.connect(
        lambda index, places: session.edit("move lane", lambda e: edits.with_lane_moved(e, index, places))
    )
    panel.lane_switched.connect(
        lambda index, on: session.edit(
            "switch lane on" if on else "switch lane off", lambda e: edits.with_lane_on(e, index, on)
        )
    )
    panel.intervention_removed.connect(
        lambda index, number: session.edit(
            "remove intervention", lambda e: edits.without_intervention(e, index, number)
        )
    )
    panel.defaults_wanted.connect(
        lambda panel: session.edit("restore defaults", lambda e: with_panel_defaults(e, panel))
    )


def _words(setting: str) -> str:
    """A setting's name as it is read."""
    return setting.replace("_", " ")
