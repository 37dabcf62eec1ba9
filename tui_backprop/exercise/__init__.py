"""An engine with gaps, for the learner to fill: the file, and the check of each gap by itself."""
