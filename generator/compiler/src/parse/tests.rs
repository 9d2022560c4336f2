//! What a person reads who made a mistake.
