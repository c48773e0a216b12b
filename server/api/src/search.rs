//! Searching an organization, and the resources of one workspace.

use crate::{
    error::Failure,
    jsonapi::{List, Query, Resource},
    workspace::parse_id,
};
use app::{
    App, Thing, Which,
    model::{Instance, ListedResource, Workspace},
    resource_id,
};
use axum::extract::{Path, State};
use domain::{id::WorkspaceId, time::Time};
use http_doors::Authenticated;
use serde_json::{Map, Value, json};

/// What is known of an instance: its attributes by name, and its tags.
fn known(instance: &Instance) -> Value {
    let (mut known, mut tags) = (Map::new(), Map::new());
    for (name, value) in instance.known() {
        match name.strip_prefix("tag:") {
            Some(key) => tags.insert(key.to_owned(), value.into()),
            None => known.insert(name.to_owned(), value.into()),
        };
    }
    if !tags.is_empty() {
        known.insert("tags".into(), tags.into());
    }
    known.into()
}

/// `hashicorp/aws` of `provider["registry.terraform.io/hashicorp/aws"]`.
fn short(provider: &str) -> &str {
    let address = provider.split('"').nth(1).unwrap_or(provider);
    address.split_once('/').filter(|(host, _)| host.contains('.')).map_or(address, |(_, rest)| rest)
}

/// The part of an address between the last brackets, if there is one: `0` or `"a"`.
fn index(address: &str) -> Option<&str> {
    address.strip_suffix(']')?.rsplit_once('[').map(|(_, index)| index)
}

/// The name of a resource, with its index.
fn name(instance: &Instance) -> &str {
    let address = &instance.address;
    let module = if instance.module.is_empty() { 0 } else { instance.module.len() + 1 };
    let rest = address.get(module..).unwrap_or(address);
    let rest = rest.strip_prefix("data.").unwrap_or(rest);
    rest.get(instance.kind.len() + 1..).unwrap_or(rest)
}

fn listed(workspace: &WorkspaceId, one: &ListedResource) -> Resource {
    let instance = &one.instance;
    let moment = |micros: Option<i64>| micros.map(|micros| Time::from_micros(micros).rfc3339());
    let whole = name(instance);
    let attributes = json!({
        "address": instance.address,
        "name": whole.split_once('[').map_or(whole, |(name, _)| name),
        "created-at": moment(one.first_at),
        "updated-at": moment(one.modified_at),
        "module": if instance.module.is_empty() { "root" } else { &instance.module },
        "provider": short(&instance.provider),
        "provider-type": instance.kind,
        "modified-by-state-version-id": one.modified_by,
        "name-index": index(whole),
        "attributes": known(instance),
    });
    Resource::new("resources", resource_id(workspace, &instance.address), attributes)
}

/// `GET workspaces/ID/resources`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let id = parse_id(&id)?;
    let (workspace, resources, total) =
        app.list_resources(&caller, Which::Id(&id), None, page.size, page.offset()).await?;
    Ok(List::page(resources.iter().map(|one| listed(&workspace.id, one)).collect(), page, total))
}

fn found((workspace, thing): &(Workspace, Thing)) -> Resource {
    let (id, attributes) = match thing {
        Thing::Workspace => {
            let tags: Map<String, Value> =
                workspace.tags().into_iter().map(|tag| (tag.key, tag.value.into())).collect();
            (workspace.id.to_string(), json!({ "kind": "workspace", "name": workspace.name, "tags": tags }))
        }
        Thing::Output(id, name) => (id.to_string(), json!({ "kind": "output", "name": name })),
        Thing::Resource(instance) => {
            let attributes = json!({
                "kind": "resource",
                "address": instance.address,
                "type": instance.kind,
                "module": instance.module,
                "provider": short(&instance.provider),
                "attributes": known(instance),
            });
            (resource_id(&workspace.id, &instance.address).to_string(), attributes)
        }
    };
    let mut attributes = attributes;
    attributes["workspace-name"] = workspace.name.as_str().into();
    Resource::new("search-results", id, attributes).one("workspace", "workspaces", Some(workspace.id.as_str()))
}

/// `GET organizations/ORG/search?q=QUERY`, behind the cursor `page[after]`.
pub(crate) async fn find(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let size = query.page().size;
    let (wanted, after) = (query.get("q").unwrap_or_default(), query.get("page[after]"));
    let limit = usize::try_from(size).unwrap_or_default();
    let answer = app.search(&caller, &organization, wanted, limit, after).await?;
    Ok(List::continued(answer.things.iter().map(found).collect(), size, answer.next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(module: &str, kind: &str, address: &str) -> Instance {
        let (kind, module) = (kind.to_owned(), module.to_owned());
        let provider = "provider[\"registry.terraform.io/hashicorp/aws\"].west".to_owned();
        let attributes = Some("id=i-1\ntag:a=b=c\n".to_owned());
        Instance { address: address.to_owned(), kind, module, provider, attributes, from_sequence: 1 }
    }

    #[test]
    fn an_instance_says_its_parts() {
        let deep = instance("module.a[\"x.y\"]", "aws_instance", "module.a[\"x.y\"].aws_instance.web[\"k.1\"]");
        assert_eq!((name(&deep), index(name(&deep))), ("web[\"k.1\"]", Some("\"k.1\"")));
        let data = instance("", "aws_ami", "data.aws_ami.it");
        assert_eq!((name(&data), index(name(&data))), ("it", None));
        assert_eq!(short(&data.provider), "hashicorp/aws");
        assert_eq!((short("p"), short("provider.aws")), ("p", "provider.aws"));
        assert_eq!(known(&data), json!({ "id": "i-1", "tags": { "a": "b=c" } }));
        // A damaged state may say anything of itself.
        assert_eq!(name(&instance("module.long", "x", "a")), "a");
    }
}
