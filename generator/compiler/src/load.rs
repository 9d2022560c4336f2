//! Reads a cluster from disk: its definition, and what lies beside it. The only reader of files.
