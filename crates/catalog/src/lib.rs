//! Look-ups over facts about software, algorithms and policies.
