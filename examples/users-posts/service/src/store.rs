//! The database: one file, one transaction for each request, on disk before it is answered.

use crate::record::{Fields, Record};
use crate::refusal::Refusal;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Why the database cannot be opened.
pub use redb::DatabaseError;

/// The last id given out, by kind of record.
const LAST_IDS: TableDefinition<'static, &str, u64> = TableDefinition::new("last ids");

/// The users and posts.
#[derive(Clone)]
pub struct Store(Arc<Database>);

/// A part of a list.
#[derive(Serialize)]
pub(crate) struct Page<F> {
    pub(crate) items: Vec<Record<F>>,
    /// The `after` of the next part, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
}

// === impl Store ===

impl Store {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// When the file is another process's, is no database or cannot be written.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        Ok(Self(Arc::new(Database::create(path)?)))
    }

    pub(crate) fn create<F: Fields>(&self, fields: F) -> Result<Record<F>, Refusal> {
        let transaction = self.0.begin_write()?;
        let id = next_id::<F>(&transaction)?;
        fields.link(id, &transaction)?;
        let now = now();
        let record = Record { id, fields, created_at: now.clone(), updated_at: now };
        put(&record, &transaction)?;
        transaction.commit()?;
        Ok(record)
    }

    pub(crate) fn read<F: Fields>(&self, id: u64) -> Result<Record<F>, Refusal> {
        let transaction = self.0.begin_read()?;
        let table = match transaction.open_table(F::table()) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Err(no_such::<F>(id)),
            Err(error) => return Err(error.into()),
        };
        let value = table.get(id)?.ok_or_else(|| no_such::<F>(id))?;
        Ok(serde_json::from_slice(value.value())?)
    }

    pub(crate) fn list<F: Fields>(&self, after: u64, limit: usize) -> Result<Page<F>, Refusal> {
        let transaction = self.0.begin_read()?;
        let mut page = Page { items: Vec::new(), next: None };
        let table = match transaction.open_table(F::table()) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(page),
            Err(error) => return Err(error.into()),
        };
        for entry in table.range(after.saturating_add(1)..)? {
            if page.items.len() == limit {
                page.next = page.items.last().map(|record: &Record<F>| record.id);
                break;
            }
            page.items.push(serde_json::from_slice(entry?.1.value())?);
        }
        Ok(page)
    }

    /// Merges a client's changes into a record, in one transaction: two patches at once do not lose one another.
    pub(crate) fn patch<F: Fields>(&self, id: u64, patch: Map<String, Value>) -> Result<Record<F>, Refusal> {
        let transaction = self.0.begin_write()?;
        let old = get::<F>(id, &transaction)?;
        let fields = old.fields.merged(patch)?;
        old.fields.unlink(id, &transaction)?;
        fields.link(id, &transaction)?;
        let record = Record { id, fields, created_at: old.created_at, updated_at: now() };
        put(&record, &transaction)?;
        transaction.commit()?;
        Ok(record)
    }

    pub(crate) fn delete<F: Fields>(&self, id: u64) -> Result<(), Refusal> {
        let transaction = self.0.begin_write()?;
        let record = get::<F>(id, &transaction)?;
        record.fields.may_go(id, &transaction)?;
        record.fields.unlink(id, &transaction)?;
        transaction.open_table(F::table())?.remove(id)?;
        transaction.commit()?;
        Ok(())
    }
}

/// Ids are never given twice, not even after a record is deleted.
fn next_id<F: Fields>(transaction: &WriteTransaction) -> Result<u64, Refusal> {
    let mut ids = transaction.open_table(LAST_IDS)?;
    let last = ids.get(F::NAME)?.map_or(0, |id| id.value());
    let id = last.checked_add(1).ok_or(Refusal::Corrupt)?;
    ids.insert(F::NAME, id)?;
    Ok(id)
}

fn get<F: Fields>(id: u64, transaction: &WriteTransaction) -> Result<Record<F>, Refusal> {
    let table = transaction.open_table(F::table())?;
    let value = table.get(id)?.ok_or_else(|| no_such::<F>(id))?;
    Ok(serde_json::from_slice(value.value())?)
}

fn put<F: Fields>(record: &Record<F>, transaction: &WriteTransaction) -> Result<(), Refusal> {
    let bytes = serde_json::to_vec(record)?;
    transaction.open_table(F::table())?.insert(record.id, bytes.as_slice())?;
    Ok(())
}

fn no_such<F: Fields>(id: u64) -> Refusal {
    Refusal::NoSuchRecord { kind: F::KIND, id: id.to_string() }
}

fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
