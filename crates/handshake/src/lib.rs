//! Protocol state machines of both roles, without input or output.
