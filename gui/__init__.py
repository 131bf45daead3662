"""The window: PySide6 widgets that show frames and edit the experiment."""
