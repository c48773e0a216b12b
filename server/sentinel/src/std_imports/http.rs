//! `http`: requests and clients are built here and sent by whoever runs the policy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::utf8;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::http::Request;
use crate::value::{Key, Method, Native, Object, Value};

/// How requests are sent; the builders of a policy make changed copies.
#[derive(Clone)]
pub(crate) struct Client {
    accepted: Vec<i64>,
    retries: u8,
    timeout: u8,
    verified: bool,
}

impl Client {
    pub(crate) const fn new() -> Self {
        Self { accepted: Vec::new(), retries: 1, timeout: 10, verified: true }
    }

    /// Memory outside the object itself.
    pub(crate) fn bytes(&self) -> usize {
        self.accepted.capacity() * size_of::<i64>()
    }
}

/// A request as far as the policy has built it.
#[derive(Clone)]
pub(crate) struct Draft {
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Draft {
    /// Memory outside the object itself.
    pub(crate) fn bytes(&self) -> usize {
        let header =
            |(name, value): &(String, String)| name.capacity() + value.capacity() + size_of::<(String, String)>();
        self.url.capacity()
            + self.headers.iter().map(header).sum::<usize>()
            + self.body.as_ref().map_or(0, Vec::capacity)
    }
}

fn request<'h>(machine: &Machine<'h>, draft: Draft) -> Value<'h> {
    Value::Object(machine.objects.keep(Object::Request(draft)))
}

fn client<'h>(machine: &Machine<'h>, client: Client) -> Value<'h> {
    Value::Object(machine.objects.keep(Object::Client(client)))
}

/// The members of the import itself: those of a client with its first settings, and the makers of both objects.
pub(super) fn member<'h>(machine: &mut Machine<'h>, name: &str) -> Option<Value<'h>> {
    let maker: Native = match name {
        "client" => return Some(client(machine, Client::new())),
        "request" => |machine, args, _| {
            let [url] = exactly(args, "request")?;
            let url = utf8(url, "request")?;
            Ok(request(machine, Draft { url, headers: Vec::new(), body: None }))
        },
        "methodGet" => return Some(Value::Str(b"GET")),
        "methodPost" => return Some(Value::Str(b"POST")),
        _ => {
            let object = machine.objects.keep(Object::Client(Client::new()));
            let Object::Client(made) = object else { return None };
            return client_member(machine, object, made, name);
        }
    };
    Some(Value::Native(maker))
}

fn of_client(object: &Object) -> Outcome<Client> {
    match object {
        Object::Client(client) => Ok(client.clone()),
        _ => fault("this is not an http client"),
    }
}

fn of_request(object: &Object) -> Outcome<Draft> {
    match object {
        Object::Request(draft) => Ok(draft.clone()),
        _ => fault("this is not an http request"),
    }
}

fn bounded(value: Value<'_>, whose: &str, most: u8) -> Outcome<u8> {
    let number = match value {
        Value::Int(number) => number,
        Value::Float(number) if number.fract() == 0.0 => number as i64,
        other => return fault(format!("{whose} needs a number, not {}", other.type_name())),
    };
    match u8::try_from(number) {
        Ok(number) if number <= most => Ok(number),
        _ => fault(format!("{whose} is between 0 and {most}, not {number}")),
    }
}

pub(super) fn client_member<'h>(
    machine: &mut Machine<'h>,
    object: &'h Object,
    client: &Client,
    name: &str,
) -> Option<Value<'h>> {
    let method: Method = match name {
        "accepted_status_codes" => {
            return Some(Value::list(machine.bump, client.accepted.iter().copied().map(Value::Int)));
        }
        "retries" => return Some(Value::Int(client.retries.into())),
        "timeout" => return Some(Value::Int(client.timeout.into())),
        "certificate_verification" => return Some(Value::Bool(client.verified)),
        "get" => |machine, client, args, _| send(machine, client, args, "GET"),
        "post" => |machine, client, args, _| send(machine, client, args, "POST"),
        "send" => |machine, client, args, _| send(machine, client, args, "GET"),
        "accept_status_codes" => |machine, object, args, _| {
            let [Value::List(codes)] = exactly(args, "accept_status_codes")? else {
                return fault("accept_status_codes needs a list");
            };
            let mut made = of_client(object)?;
            made.accepted.clear();
            for code in codes.items() {
                match code {
                    Value::Int(code) => made.accepted.push(code),
                    other => return fault(format!("a status code is an int, not a {}", other.type_name())),
                }
            }
            Ok(self::client(machine, made))
        },
        "with_retries" => |machine, object, args, _| {
            let [number] = exactly(args, "with_retries")?;
            let retries = bounded(number, "with_retries", 10)?;
            Ok(self::client(machine, Client { retries, ..of_client(object)? }))
        },
        "with_timeout" => |machine, object, args, _| {
            let [number] = exactly(args, "with_timeout")?;
            let timeout = bounded(number, "with_timeout", 30)?;
            Ok(self::client(machine, Client { timeout, ..of_client(object)? }))
        },
        "without_certificate_verification" => |machine, object, args, _| {
            let [] = exactly(args, "without_certificate_verification")?;
            Ok(self::client(machine, Client { verified: false, ..of_client(object)? }))
        },
        _ => return None,
    };
    Some(Value::Bound(object, method))
}

pub(super) fn request_member<'h>(
    machine: &mut Machine<'h>,
    object: &'h Object,
    draft: &Draft,
    name: &str,
) -> Option<Value<'h>> {
    let method: Method = match name {
        "url" => return Some(Value::text(machine.bump, &draft.url)),
        "body" => {
            let body = draft.body.as_deref().unwrap_or_default();
            return Some(Value::Str(machine.bump.alloc_slice_copy(body)));
        }
        "headers" => return Some(headers(machine, &draft.headers)),
        "with_header" => |machine, object, args, _| {
            let [name, value] = exactly(args, "with_header")?;
            let mut draft = of_request(object)?;
            draft.headers.push((utf8(name, "with_header")?, utf8(value, "with_header")?));
            Ok(request(machine, draft))
        },
        "with_basic_auth" => |machine, object, args, _| {
            let [user, password] = exactly(args, "with_basic_auth")?;
            let pair = format!("{}:{}", utf8(user, "with_basic_auth")?, utf8(password, "with_basic_auth")?);
            let mut draft = of_request(object)?;
            draft.headers.push(("Authorization".into(), format!("Basic {}", STANDARD.encode(pair))));
            Ok(request(machine, draft))
        },
        "with_body" => |machine, object, args, _| {
            let [body] = exactly(args, "with_body")?;
            let body = Some(super::text(body, "with_body")?.to_vec());
            Ok(request(machine, Draft { body, ..of_request(object)? }))
        },
        _ => return None,
    };
    Some(Value::Bound(object, method))
}

fn headers<'h>(machine: &Machine<'h>, headers: &[(String, String)]) -> Value<'h> {
    let bump = machine.bump;
    let entry =
        |(name, value): &(String, String)| (Key::Str(bump.alloc_slice_copy(name.as_bytes())), Value::text(bump, value));
    Value::map(bump, headers.iter().map(entry))
}

fn send<'h>(machine: &mut Machine<'h>, object: &Object, args: &[Value<'h>], method: &str) -> Outcome<Value<'h>> {
    let client = of_client(object)?;
    let [target] = exactly(args, "a request")?;
    let draft = match target {
        Value::Object(object) => of_request(object)?,
        url => Draft { url: utf8(url, "a request")?, headers: Vec::new(), body: None },
    };
    let Some(door) = machine.door else {
        return fault("the http import is not enabled here: policies may not open connections");
    };
    let mut made = Request {
        method: method.to_owned(),
        url: draft.url,
        headers: draft.headers,
        body: draft.body,
        retries: client.retries,
        timeout: client.timeout,
        verified: client.verified,
    };
    if !made.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
        made.headers.push(("Accept".into(), "*/*".into()));
    }
    let answer = door.0.fetch(&made).or_else(fault)?;
    machine.room(answer.body.len())?;
    let status = i64::from(answer.status);
    if status != 200 && !client.accepted.contains(&status) {
        return fault(format!("{} answered with the status {status}, which the policy does not accept", made.url));
    }
    let bump = machine.bump;
    let fields = [
        (Key::Str(b"status_code"), Value::Int(status)),
        (Key::Str(b"headers"), headers(machine, &answer.headers)),
        (Key::Str(b"body"), Value::Str(bump.alloc_slice_copy(&answer.body))),
    ];
    Ok(Value::map(bump, fields))
}
