//! Posts. A post belongs to a user that exists.

use crate::record::{Fields, Input};
use crate::refusal::{Problem, Refusal};
use crate::users::User;
use redb::{MultimapTableDefinition, ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

/// A user's posts.
pub(crate) const BY_USER: MultimapTableDefinition<'static, u64, u64> =
    MultimapTableDefinition::new("posts by user");

/// What a client says about a post.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Post {
    user_id: u64,
    title: String,
    body: String,
}

impl Fields for Post {
    const KIND: &'static str = "post";
    const NAME: &'static str = "posts";

    fn check(input: &mut Input<'_>) -> Option<Self> {
        let user_id = input.id("userId");
        let title = input.text("title", 1, 200);
        let body = input.text("body", 0, 10_000);
        Some(Self { user_id: user_id?, title: title?, body: body? })
    }

    fn link(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal> {
        if transaction.open_table(User::table())?.get(self.user_id)?.is_none() {
            let problem = format!("there is no user {}", self.user_id);
            return Err(Refusal::Invalid(vec![Problem { field: "userId".to_owned(), problem }]));
        }
        transaction.open_multimap_table(BY_USER)?.insert(self.user_id, id)?;
        Ok(())
    }

    fn unlink(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal> {
        transaction.open_multimap_table(BY_USER)?.remove(self.user_id, id)?;
        Ok(())
    }

    fn may_go(&self, _id: u64, _transaction: &WriteTransaction) -> Result<(), Refusal> {
        Ok(())
    }
}
