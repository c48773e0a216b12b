//! The language of the definition files. The build script reads it too, so it knows nothing of the rest of the crate.

mod expression;
mod fields;
mod lexer;
pub(crate) mod parse;

use rust_decimal::Decimal;

pub(crate) use expression::{Expression, Operator, Piece, Step};
pub(crate) use fields::fields;

/// How one or more resource types are priced.
#[derive(Debug, Default)]
pub(crate) struct Definition {
    pub(crate) types: Vec<String>,
    /// Regions for which every price is claimed to be in the catalogue; empty for the provider's usual one.
    pub(crate) regions: Vec<String>,
    pub(crate) references: Vec<Reference>,
    pub(crate) backs: Vec<Back>,
    pub(crate) body: Vec<Statement>,
    /// The attributes it looks at, sorted; None for all.
    pub(crate) fields: Option<Vec<String>>,
}

/// Another resource that this one names: `ref template = launch_template.id -> aws_launch_template`.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) name: String,
    /// Attributes that may hold the reference; the first that leads somewhere counts.
    pub(crate) paths: Vec<String>,
    /// Types it may lead to; empty for any.
    pub(crate) types: Vec<String>,
}

/// Resources that name this one: `back scaling = aws_appautoscaling_target.resource_id`.
#[derive(Debug)]
pub(crate) struct Back {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) attribute: String,
}

/// Statements that several definitions share.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) name: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Vec<Statement>,
}

#[derive(Debug)]
pub(crate) enum Statement {
    /// `let name = value`: computed when it is used, so that a value nobody needs can stay unknown.
    Let {
        name: String,
        value: Expression,
    },
    /// `each name in list`; `index` counts from 0 inside.
    Each {
        name: String,
        list: Expression,
        body: Vec<Statement>,
    },
    /// `when condition`
    When {
        condition: Expression,
        body: Vec<Statement>,
    },
    /// `part name`: components inside belong to a part of the resource.
    Part {
        name: Expression,
        body: Vec<Statement>,
    },
    /// `times factor`: quantities inside are multiplied.
    Times {
        factor: Expression,
        body: Vec<Statement>,
    },
    /// `with resource`: attributes inside are those of another resource.
    With {
        resource: Expression,
        body: Vec<Statement>,
    },
    /// `include fragment(…)`
    Include {
        fragment: String,
        arguments: Vec<(String, Expression)>,
    },
    /// `free`: this resource costs nothing, on purpose.
    Free,
    /// `unpriced reason`: something here costs money and we cannot say how much.
    Unpriced {
        reason: Expression,
    },
    Component(Box<Component>),
}

/// `name | unit | quantity | price | per N | when condition | tiers …`
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) name: Expression,
    pub(crate) unit: Expression,
    pub(crate) quantity: Expression,
    pub(crate) price: Expression,
    /// The unit holds this many of what the quantity counts and the catalogue prices: "1M requests" is per 1000000.
    pub(crate) per: Option<Expression>,
    pub(crate) when: Option<Expression>,
    /// Said beside an amount that is right with a restriction, such as an upper bound.
    pub(crate) note: Option<Expression>,
    pub(crate) tiers: Vec<Tier>,
}

/// A step of a tiered price. Its price key is the component's, `>` and the start.
#[derive(Debug)]
pub(crate) struct Tier {
    pub(crate) label: String,
    pub(crate) start: Decimal,
    /// None for the last, open tier.
    pub(crate) width: Option<Decimal>,
}
