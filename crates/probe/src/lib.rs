//! Outbound connections that find out what a peer offers.
