//! Lossless reading and editing of configuration files.
