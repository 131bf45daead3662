"""The laboratory without its window. Data flow one way, and the tree is read in the same order:

experiment -> dataset + start -> problem -> algorithm step -> run -> trace -> results.

- `experiment`, `specification`: where the data come from, which model, which start, which lanes; as a file, in
  a line
- `dataset`, `csv_reader`, `datasets`: observations, from a file or from a generating story
- `models`: latent-variable models: densities, E step, M step, gradient by Fisher's identity
- `coordinates`: ways to write constrained parameters for an optimiser
- `starts`: ways to choose where all lanes begin
- `preparation`: data, their prepared form and the start of one experiment
- `objective`: a model on a dataset: value, gradient, E step, and what they cost
- `algorithms`: one algorithm a file: State, init, step
- `run`, `trace`: steps with stopping rules and cost; what happened, looked up again
- `comparison`, `results`: all lanes of an experiment without a window, and what came out
- `analysis`: what is computed around a point or from a trace
"""

from engine.one_thread import use_one_thread

use_one_thread()
