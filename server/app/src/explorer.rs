//! The explorer: views over what an organization has.

use crate::{App, Caller, Error, Result};
use domain::{
    explorer::{Field, Filter, View},
    permission::Permission,
};
use store::explorer::Rows;

/// What is asked of a view.
#[derive(Debug, Clone)]
pub struct Exploration {
    /// Which.
    pub view: View,
    /// What its rows have to pass, all of it.
    pub filters: Vec<Filter>,
    /// By what they are sorted, and whether downwards.
    pub sort: (Field, bool),
}

/// The most filters of one question.
const FILTERS: usize = 20;

impl App {
    /// A page of a view's rows.
    ///
    /// # Errors
    /// When the caller may not read the organization's states, or asks with too many filters.
    pub async fn explore(
        &self,
        caller: &Caller,
        organization: &str,
        wanted: &Exploration,
        limit: i64,
        offset: i64,
    ) -> Result<Rows> {
        let organization = self.organization(caller, organization, Permission::ReadState).await?;
        let Exploration { view, filters, sort } = wanted;
        if filters.len() > FILTERS {
            return Err(Error::invalid(
                "filter",
                format!("There are {} filters; up to {FILTERS} are read", filters.len()),
            ));
        }
        let (id, view, sort) = (&organization.id, *view, *sort);
        Ok(self
            .store
            .look(async |mut tx| store::explorer::list_rows(&mut tx, id, view, filters, sort, limit, offset).await)
            .await?)
    }

    /// How many rows a view has that pass.
    ///
    /// # Errors
    /// As [`App::explore`].
    pub async fn count_explored(&self, caller: &Caller, organization: &str, wanted: &Exploration) -> Result<i64> {
        let organization = self.organization(caller, organization, Permission::ReadState).await?;
        let (id, view, filters) = (&organization.id, wanted.view, &wanted.filters);
        Ok(self.store.look(async |mut tx| store::explorer::count_rows(&mut tx, id, view, filters).await).await?)
    }
}
