"""What is raised when a person's input cannot be used."""


class InputError(ValueError):
    """Bad input, told in one plain sentence that also says what to do."""


class CannotRun(InputError):
    """One lane cannot run here (its settings and this model do not fit); the other lanes still can."""


class MissingCells(InputError):
    """The data have missing cells that the model cannot use; dropping the incomplete rows would mend it."""
