"""What the command line does, one command a file; `main.py` only reads the words.

- `source`: a SOURCE and the options of `fit` become an experiment
- `fit`, `table`, `progress`: runs an experiment and tells what came out
- `listing`: what there is to choose from
- `window`, `render`, `display`: what needs Qt, imported only then
- `outputs`: checks of files to be written, before any work is done
"""

import engine  # noqa: F401  before numpy, so that linear algebra is in one thread without threadpoolctl
