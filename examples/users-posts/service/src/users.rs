//! Users. An email address belongs to one user at most; a user who has posts stays.

use crate::posts::BY_USER;
use crate::record::{Fields, Input};
use crate::refusal::Refusal;
use redb::{ReadableMultimapTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

const BY_EMAIL: TableDefinition<'static, &str, u64> = TableDefinition::new("users by email");

/// What a client says about a user.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct User {
    name: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
}

impl Fields for User {
    const KIND: &'static str = "user";
    const NAME: &'static str = "users";

    fn check(input: &mut Input<'_>) -> Option<Self> {
        let name = input.text("name", 1, 100);
        let email = input.text("email", 3, 254).and_then(|email| {
            if is_email(&email) { Some(email) } else { input.problem("email", "is not an email address") }
        });
        let about = input.optional_text("about", 0, 1000);
        Some(Self { name: name?, email: email?, about })
    }

    fn link(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal> {
        let mut emails = transaction.open_table(BY_EMAIL)?;
        match emails.insert(self.email.to_lowercase().as_str(), id)? {
            Some(_other) => Err(Refusal::Conflict("another user has this email address".to_owned())),
            None => Ok(()),
        }
    }

    fn unlink(&self, _id: u64, transaction: &WriteTransaction) -> Result<(), Refusal> {
        transaction.open_table(BY_EMAIL)?.remove(self.email.to_lowercase().as_str())?;
        Ok(())
    }

    fn may_go(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal> {
        let posts = transaction.open_multimap_table(BY_USER)?;
        if posts.get(id)?.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Conflict(format!("user {id} has posts")))
        }
    }
}

/// One `@` between a name and a domain, no blanks. Whether mail arrives is another question.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
            && !text.chars().any(char::is_whitespace)
    })
}
