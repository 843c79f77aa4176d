//! Statements that a connection prepares once. Diesel prepares every `UPDATE`, `sql_query`, `sql` and list of values anew each
//! time it is run, since it cannot tell whether there is an end to their texts. Preparing one takes longer than finding a row,
//! and behind a network a round trip.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Bool, HasSqlType, Text};

/// A statement as it stands in the program, with a `?` for each value. `ST` is what it gives back.
pub(super) struct Fixed<ST = ()> {
    text: &'static str,
    values: Vec<Value>,
    gives: PhantomData<ST>,
}

enum Value {
    Bytes(Vec<u8>),
    Number(i64),
    Text(String),
}

/// That statement.
pub(super) fn fixed<ST>(text: &'static str) -> Fixed<ST> {
    Fixed {
        text,
        values: Vec::new(),
        gives: PhantomData,
    }
}

impl<ST> Fixed<ST> {
    /// With an id as its next value.
    pub(super) fn id<K>(mut self, id: crate::domain::id::Id<K>) -> Self {
        self.values.push(Value::Bytes(id.bytes().to_vec()));
        self
    }

    /// With a number as its next value.
    pub(super) fn number(mut self, number: i64) -> Self {
        self.values.push(Value::Number(number));
        self
    }

    /// With a text as its next value.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.values.push(Value::Text(text.to_owned()));
        self
    }
}

impl<DB, ST> QueryFragment<DB> for Fixed<ST>
where
    DB: Backend + HasSqlType<Binary> + HasSqlType<BigInt> + HasSqlType<Text>,
    Vec<u8>: ToSql<Binary, DB>,
    i64: ToSql<BigInt, DB>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (index, piece) in self.text.split('?').enumerate() {
            if index > 0 {
                match values.next() {
                    Some(Value::Bytes(bytes)) => out.push_bind_param::<Binary, _>(bytes)?,
                    Some(Value::Number(number)) => out.push_bind_param::<BigInt, _>(number)?,
                    Some(Value::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                    None => {
                        let detail = "a statement lacks a value";
                        return Err(diesel::result::Error::QueryBuilderError(detail.into()));
                    }
                }
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl<ST> QueryId for Fixed<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Fixed<ST> {
    type SqlType = ST;
}

impl<Conn, ST> RunQueryDsl<Conn> for Fixed<ST> {}

/// A condition as it stands in the program, spelled out where a partial index is to be found by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Literal(pub(super) &'static str);

impl Expression for Literal {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for Literal {}

impl<QS> SelectableExpression<QS> for Literal {}

impl<GB> ValidGrouping<GB> for Literal {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for Literal {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend> QueryFragment<DB> for Literal {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

/// Whether a column has one of these values. The list is filled up to a power of two by its last value, so that no more than a
/// dozen texts are ever prepared of a statement.
pub(super) struct Among<C, ST, V> {
    column: C,
    values: Vec<V>,
    compares: PhantomData<ST>,
}

/// Whether this column has one of these values.
pub(super) fn among<C, V>(column: C, values: &[V]) -> Among<C, C::SqlType, V>
where
    C: Expression,
    V: Clone,
{
    let mut values = values.to_vec();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    Among {
        column,
        values,
        compares: PhantomData,
    }
}

impl<C, ST, V> Expression for Among<C, ST, V> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<QS>, ST, V, QS> AppearsOnTable<QS> for Among<C, ST, V> {}

impl<C: SelectableExpression<QS>, ST, V, QS> SelectableExpression<QS> for Among<C, ST, V> {}

impl<C, ST, V, GB> ValidGrouping<GB> for Among<C, ST, V> {
    type IsAggregate = is_aggregate::No;
}

impl<C, ST, V> QueryId for Among<C, ST, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, C, ST, V> QueryFragment<DB> for Among<C, ST, V>
where
    DB: Backend + HasSqlType<ST>,
    C: QueryFragment<DB>,
    V: ToSql<ST, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.values.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        for (index, value) in self.values.iter().enumerate() {
            out.push_sql(if index == 0 { " IN (" } else { ", " });
            out.push_bind_param::<ST, V>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}
