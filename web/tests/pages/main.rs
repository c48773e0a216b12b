//! Every page, through the router, over a real database: what it shows, to whom, and what it refuses.

mod house;
mod live;
mod sign_in;
mod workspace;
