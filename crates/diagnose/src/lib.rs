//! Evidence, parties and outcome in; ranked diagnoses out.
