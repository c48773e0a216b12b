//! Executes phases of runs.
