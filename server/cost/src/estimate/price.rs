//! Pricing one resource on one side: running its definition, statement by statement.

use rust_decimal::Decimal;

use super::evaluate::{Binding, Evaluator, Subject};
use super::value::{Gap, Value};
use crate::definition::{self, Component as Line, Statement, Tier};
use crate::report::{Component, State};

/// More of anything than this is a slip, not a quantity.
const ABSURD: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// Fragments include fragments; none does so this deep.
const DEPTH: usize = 16;

pub(crate) struct Pricer<'v, 'a> {
    pub(crate) evaluator: Evaluator<'v, 'a>,
    pub(crate) components: Vec<Component>,
    /// A definition said on purpose that nothing is due.
    pub(crate) free: bool,
    /// Components whose quantity was zero: they are known to cost nothing and are not listed.
    pub(crate) zero: usize,
    part: String,
    factor: Result<Decimal, Gap>,
    depth: usize,
}

impl<'v, 'a> Pricer<'v, 'a> {
    pub(crate) fn new(evaluator: Evaluator<'v, 'a>) -> Self {
        Self {
            evaluator,
            components: Vec::new(),
            free: false,
            zero: 0,
            part: String::new(),
            factor: Ok(Decimal::ONE),
            depth: 0,
        }
    }

    pub(crate) fn run(&mut self, body: &'v [Statement]) {
        if self.depth > DEPTH {
            return self.gap("", "", &Gap::Invalid("a definition includes itself".into()));
        }
        self.depth += 1;
        let names = self.evaluator.scope.len();
        for statement in body {
            self.statement(statement);
        }
        self.evaluator.scope.truncate(names);
        self.depth -= 1;
    }

    fn statement(&mut self, statement: &'v Statement) {
        match statement {
            Statement::Let { name, value } => self.bind(name, value),
            Statement::When { condition, body } => match self.evaluator.evaluate(condition).holds() {
                Ok(true) => self.run(body),
                Ok(false) => {}
                Err(gap) => self.gap("", "", &gap),
            },
            Statement::Each { name, list, body } => match self.evaluator.evaluate(list).items() {
                Ok(items) => {
                    for (at, item) in items.into_iter().enumerate() {
                        let index = Value::Number(at.into());
                        self.evaluator.scope.push(Binding { name: "index", value: index, used: false });
                        self.evaluator.scope.push(Binding { name, value: item, used: false });
                        self.run(body);
                        self.evaluator.scope.truncate(self.evaluator.scope.len() - 2);
                    }
                }
                Err(gap) => self.gap("", "", &gap),
            },
            Statement::Part { name, body } => {
                let name = self.evaluator.evaluate(name).text().unwrap_or_else(|_| "?".into());
                let outer = self.part.clone();
                if !self.part.is_empty() && !name.is_empty() {
                    self.part.push('/');
                }
                self.part.push_str(&name);
                self.run(body);
                self.part = outer;
            }
            Statement::Times { factor, body } => {
                let inner = self.evaluator.evaluate(factor).number();
                let outer = self.factor.clone();
                self.factor = match (&outer, inner) {
                    (Ok(outer), Ok(inner)) => {
                        outer.checked_mul(inner).ok_or_else(|| Gap::Invalid("a quantity is out of range".into()))
                    }
                    (Err(gap), _) => Err(gap.clone()),
                    (_, Err(gap)) => Err(gap),
                };
                self.run(body);
                self.factor = outer;
            }
            Statement::With { resource, body } => {
                let Some(subject) = self.other(resource) else { return };
                let outer = std::mem::replace(&mut self.evaluator.subject, subject);
                self.run(body);
                self.evaluator.subject = outer;
            }
            Statement::Include { fragment, arguments } => self.include(fragment, arguments),
            Statement::Free => self.free = true,
            Statement::Unpriced { reason } => {
                let reason = self.evaluator.evaluate(reason).text().unwrap_or_default().into_owned();
                self.gap("", "", &Gap::Invalid(reason));
            }
            Statement::Component(line) => self.component(line),
        }
    }

    fn bind(&mut self, name: &'v str, value: &'v definition::Expression) {
        self.evaluator.used = false;
        let value = self.evaluator.evaluate(value);
        self.evaluator.scope.push(Binding { name, value, used: self.evaluator.used });
    }

    fn other(&mut self, resource: &'v definition::Expression) -> Option<Subject<'v>> {
        let mut value = self.evaluator.evaluate(resource);
        while let Value::List(items) = &value {
            value = items.first()?.clone();
        }
        match value {
            Value::Resource(at) => {
                let resource = &self.evaluator.world.resources[at];
                let side = self.evaluator.side;
                Some(Subject { node: resource.kept(side), unknown: resource.kept_unknown(side) })
            }
            Value::Node(node, unknown) => {
                static NOTHING: crate::node::Node<'static> = crate::node::Node::Null;
                Some(Subject { node, unknown: unknown.unwrap_or(&NOTHING) })
            }
            Value::Void(gap) => {
                self.gap("", "", &gap);
                None
            }
            _ => None,
        }
    }

    fn include(&mut self, name: &'v str, arguments: &'v [(String, definition::Expression)]) {
        let Some(fragment) = definition::fragment(name) else {
            return self.gap("", "", &Gap::Invalid(format!("there is no fragment `{name}`")));
        };
        let mut bindings = Vec::with_capacity(fragment.parameters.len());
        for parameter in &fragment.parameters {
            self.evaluator.used = false;
            let value = match arguments.iter().find(|(name, _)| name == parameter) {
                Some((_, value)) => self.evaluator.evaluate(value),
                None => Value::Void(Gap::Unset(parameter.clone())),
            };
            bindings.push(Binding { name: parameter.as_str(), value, used: self.evaluator.used });
        }
        let base = std::mem::replace(&mut self.evaluator.base, self.evaluator.scope.len());
        let names = self.evaluator.scope.len();
        self.evaluator.scope.extend(bindings);
        self.run(&fragment.body);
        self.evaluator.scope.truncate(names);
        self.evaluator.base = base;
    }

    fn component(&mut self, line: &'v Line) {
        let name = self.evaluator.evaluate(&line.name).text().unwrap_or_else(|_| "?".into()).into_owned();
        let unit = self.evaluator.evaluate(&line.unit).text().unwrap_or_else(|_| "?".into()).into_owned();
        if let Some(when) = &line.when {
            match self.evaluator.evaluate(when).holds() {
                Ok(true) => {}
                Ok(false) => return,
                Err(gap) => return self.gap(&name, &unit, &gap),
            }
        }
        self.evaluator.used = false;
        let quantity = self.evaluator.evaluate(&line.quantity).number().and_then(|quantity| {
            let factor = self.factor.clone()?;
            let quantity = quantity.checked_mul(factor).filter(|q| q.abs() <= ABSURD);
            let quantity = quantity.ok_or_else(|| Gap::Invalid("the quantity is absurdly large".into()))?;
            if quantity.is_sign_negative() && !quantity.is_zero() {
                return Err(Gap::Invalid(format!("a quantity of {} is not possible", quantity.normalize())));
            }
            Ok(quantity)
        });
        let used = self.evaluator.used || matches!(quantity, Err(Gap::Usage(_)));
        if quantity.as_ref().is_ok_and(Decimal::is_zero) {
            self.zero += 1;
            return;
        }
        let per = match line.per.as_ref().map(|per| self.evaluator.evaluate(per).number()) {
            Some(Ok(per)) if per > Decimal::ZERO => per,
            Some(_) => return self.gap(&name, &unit, &Gap::Invalid("the unit is not possible".into())),
            None => Decimal::ONE,
        };
        let note = line.note.as_ref().and_then(|note| self.evaluator.evaluate(note).text().ok());
        let described = Described { name, unit, per, used, note: note.map(std::borrow::Cow::into_owned) };
        if line.tiers.is_empty() {
            self.evaluator.price = None;
            let price = self.evaluator.evaluate(&line.price).number();
            self.emit(&described, &described.name.clone(), quantity, price);
        } else {
            self.tiers(line, &described, &quantity);
        }
    }

    fn tiers(&mut self, line: &'v Line, described: &Described, quantity: &Result<Decimal, Gap>) {
        let key = match &line.price {
            definition::Expression::Call(_, arguments) => {
                arguments.first().map(|key| self.evaluator.evaluate(key).text())
            }
            _ => None,
        };
        for (nth, tier) in line.tiers.iter().enumerate() {
            let portion = match quantity {
                Ok(quantity) => Ok(portion(*quantity, tier)),
                Err(gap) if nth == 0 => Err(gap.clone()),
                Err(_) => return,
            };
            if portion.as_ref().is_ok_and(Decimal::is_zero) {
                continue;
            }
            self.evaluator.price = None;
            let price = match &key {
                Some(Ok(key)) => self.evaluator.look_up(&format!("{key}>{}", tier.start.normalize())),
                Some(Err(gap)) => Err(gap.clone()),
                None => Err(Gap::Invalid("a tiered component needs a price key".into())),
            };
            let name = format!("{} ({})", described.name, tier.label);
            self.emit(described, &name, portion, price);
        }
    }

    fn emit(&mut self, described: &Described, name: &str, quantity: Result<Decimal, Gap>, price: Result<Decimal, Gap>) {
        let found = self.evaluator.price.take();
        let mut component = Component::new(&self.part, name, &described.unit);
        component.state = if described.used { State::UsageBased } else { State::Estimated };
        component.reason.clone_from(&described.note);
        if let Some(found) = found {
            component.source = Some(found.source);
            component.price_date = Some(found.date);
        }
        let mut fail = |gap: &Gap| {
            component.state = State::NotEstimated;
            component.reason = Some(gap.reason());
        };
        let price = match price {
            Ok(price) if price > Decimal::ZERO => Some(price),
            Ok(_) => {
                fail(&Gap::Invalid("the price found is not above zero".into()));
                None
            }
            Err(gap) => {
                fail(&gap);
                None
            }
        };
        let quantity = match quantity {
            Ok(quantity) => Some(quantity),
            Err(gap @ Gap::Usage(_)) => {
                if component.state != State::NotEstimated {
                    component.reason = Some(gap.reason());
                }
                None
            }
            Err(gap) => {
                component.state = State::NotEstimated;
                component.reason = Some(gap.reason());
                None
            }
        };
        let out_of_range = || Some("the cost is out of range".to_owned());
        component.quantity = quantity.and_then(|quantity| quantity.checked_div(described.per)).map(|q| q.normalize());
        component.unit_price = price.and_then(|price| price.checked_mul(described.per)).map(|p| p.normalize());
        if let (Some(quantity), Some(price)) = (quantity, price) {
            match quantity.checked_mul(price) {
                Some(monthly) => component.monthly = Some(monthly.normalize()),
                None => {
                    component.state = State::NotEstimated;
                    component.reason = out_of_range();
                }
            }
        }
        self.components.push(component);
    }

    /// Something that costs money is here, and nothing can be said about it.
    fn gap(&mut self, name: &str, unit: &str, gap: &Gap) {
        let mut component = Component::new(&self.part, name, unit);
        component.state = State::NotEstimated;
        component.reason = Some(gap.reason());
        self.components.push(component);
    }
}

struct Described {
    name: String,
    unit: String,
    per: Decimal,
    used: bool,
    note: Option<String>,
}

fn portion(quantity: Decimal, tier: &Tier) -> Decimal {
    let above = (quantity - tier.start).max(Decimal::ZERO);
    tier.width.map_or(above, |width| above.min(width))
}
