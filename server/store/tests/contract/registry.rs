//! Modules, providers, the keys that sign them, their files.

use crate::base::{Fresh, NOW, configured, new_run, on_both, workspace, world};
use domain::id::{BlobId, ModuleId, ModuleVersionId, OrganizationId, PlatformId, ProviderId, ProviderVersionId};
use store::{Error, blob, configuration, organization, phase, registry, run, workspace as ws};

on_both! { modules  tests_of_a_module  providers  files  foreign_rows }

fn module(organization: &OrganizationId, n: u8, name: &str) -> registry::Module {
    registry::Module {
        id: ModuleId::new(&[n; 32]),
        organization_id: organization.clone(),
        name: name.into(),
        provider: "aws".into(),
        created_at: NOW,
        whole: 0,
        changed_at: NOW,
    }
}

fn module_version(module: &registry::Module, n: u8, version: &str) -> registry::ModuleVersion {
    registry::ModuleVersion {
        id: ModuleVersionId::new(&[n; 32]),
        organization_id: module.organization_id.clone(),
        module_id: module.id.clone(),
        version: version.into(),
        status: "pending".into(),
        error: None,
        created_at: NOW.plus_seconds(n.into()),
    }
}

fn file(organization: &OrganizationId, n: u8, kind: &str) -> registry::File {
    registry::File {
        id: BlobId::new(&[n; 32]),
        organization_id: organization.clone(),
        kind: kind.into(),
        name: format!("{kind}.zip"),
        wrapped: b"wrapped".to_vec(),
        size: 7,
        sealed: None,
        object_key: Some(format!("object-{n}")),
    }
}

async fn tests_of_a_module(store: &Fresh) {
    let world = world(store).await;
    let (org, user) = (&world.organization.id, world.user.id.as_str());
    let tested = module(org, 1, "net");
    let mut hidden = workspace(&world.organization, &world.project, 2);
    (hidden.name, hidden.module_id) = ("net/aws".into(), Some(tested.id.to_string()));
    let configuration =
        configuration::ConfigurationVersion { workspace_id: hidden.id.clone(), ..configured(&world, 1) };
    let new = run::New { workspace_id: hidden.id.clone(), plan_only: true, ..new_run(&world, &configuration.id, 1) };
    let test = registry::NewTest {
        run_id: new.id.clone(),
        organization_id: org.clone(),
        filters: vec!["tests/a.tftest.hcl".into()],
        directory: "tests".into(),
        verbose: true,
        parallelism: Some(3),
        wanted_version: Some("1.11.4".into()),
    };
    store
        .write(async |mut tx| {
            registry::insert_module(&mut tx, &tested).await?;
            assert!(ws::find_of_module(&mut tx, &tested.id).await?.is_none());
            ws::insert(&mut tx, &hidden, b"wrapped").await?;
            assert_eq!(ws::find_of_module(&mut tx, &tested.id).await?.unwrap().id, hidden.id);
            configuration::insert(&mut tx, &configuration).await?;
            run::insert(&mut tx, &new).await?;
            assert_eq!(run::count_queue(&mut tx, org).await?, 1);
            registry::insert_test(&mut tx, &test).await?;

            // It is held and found by those who know it, and by nobody else.
            assert_eq!(
                ws::hold(&mut tx, &hidden.id, "").await?.unwrap().module_id.as_deref(),
                Some(tested.id.as_str())
            );
            assert!(ws::is_of(&mut tx, org, hidden.id.as_str()).await?);
            assert!(ws::find_by_name(&mut tx, "acme", "net/aws", user).await?.is_none());
            assert!(ws::list_by_id(&mut tx, &[hidden.id.as_str()], user).await?.is_empty());
            let (listed, total) = ws::list(&mut tx, org, user, &ws::Filter::default(), 9, 0).await?;
            assert_eq!((listed.len(), total), (1, 1));
            assert_eq!(ws::count_in_project(&mut tx, &world.project.id).await?, 1);
            assert_eq!(run::count_queue(&mut tx, org).await?, 0);
            assert!(run::list_queue(&mut tx, org, 9, 0).await?.is_empty());

            let phase = phase::find(&mut tx, new.id.plan().as_str()).await?.unwrap();
            assert_eq!((phase.is_test(), phase.is_apply(), phase.acts()), (true, false, true));
            let found = registry::find_test(&mut tx, &new.id).await?.unwrap();
            assert_eq!((found.filters(), found.directory.as_str()), (test.filters.clone(), "tests"));
            assert_eq!((found.verbose, found.parallelism), (true, Some(3)));
            assert_eq!((found.wanted_version.as_deref(), found.verdict), (Some("1.11.4"), None));
            registry::set_verdict(&mut tx, &new.id, "fail", [1, 2, 3, 4]).await?;
            let listed = registry::list_tests(&mut tx, &[new.id.as_str(), "run-none"]).await?;
            let told = (listed[0].verdict.as_deref(), listed[0].passed, listed[0].failed, listed[0].errored);
            assert_eq!((listed.len(), told, listed[0].skipped), (1, (Some("fail"), 1, 2, 3), 4));
            assert!(registry::list_tests(&mut tx, &[]).await?.is_empty());
            let other = run::New { id: domain::id::RunId::new(&[9; 32]), ..new.clone() };
            run::insert(&mut tx, &other).await?;
            assert!(registry::find_test(&mut tx, &other.id).await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let mut another = workspace(&world.organization, &world.project, 3);
    another.module_id.clone_from(&hidden.module_id);
    let taken = store.write(async |mut tx| ws::insert(&mut tx, &another, b"wrapped").await).await.unwrap_err();
    assert!(taken.is_taken("workspaces"), "{taken:?}");
    let kept = store.write(async |mut tx| registry::delete_module(&mut tx, &tested.id).await).await;
    assert!(kept.is_err(), "a module is removed while its tests are kept for it");
    store
        .write(async |mut tx| {
            let listed = async |tx: &mut store::Tx| ws::list(tx, org, "", &ws::Filter::default(), 1, 0).await;
            assert_eq!(listed(&mut tx).await?.1, 1, "it does not count");
            let names = ws::find_listing(&mut tx, org).await?;
            ws::delete_of_module(&mut tx, &hidden.id, NOW).await?;
            assert_eq!(listed(&mut tx).await?.1, 1);
            assert_eq!(ws::find_listing(&mut tx, org).await?, names);
            assert!(ws::find_of_module(&mut tx, &tested.id).await?.is_none());
            assert!(ws::find(&mut tx, &hidden.id, "").await?.is_none());
            assert_eq!(registry::delete_module(&mut tx, &tested.id).await?, 1);
            Ok::<_, Error>(organization::list_members(&mut tx, org).await?.len())
        })
        .await
        .unwrap();
}

async fn modules(store: &Fresh) {
    let world = world(store).await;
    let org = &world.organization.id;
    let (one, two) = (module(org, 1, "net"), module(org, 2, "app"));
    store
        .write(async |mut tx| {
            registry::insert_module(&mut tx, &one).await?;
            registry::insert_module(&mut tx, &two).await
        })
        .await
        .unwrap();
    let double = module(org, 3, "net");
    let taken = store.write(async |mut tx| registry::insert_module(&mut tx, &double).await).await.unwrap_err();
    assert!(taken.is_taken("registry_modules"), "{taken:?}");
    let (first, second) = (module_version(&one, 1, "1.0.0"), module_version(&one, 2, "1.1.0"));
    store
        .write(async |mut tx| {
            let (listed, total) = registry::list_modules(&mut tx, org, 10, 0).await?;
            assert_eq!(listed.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["app", "net"]);
            let (page, _) = registry::list_modules(&mut tx, org, 1, 1).await?;
            assert_eq!((page.len(), page[0].name.as_str(), total), (1, "net", 2));
            assert!(registry::find_module(&mut tx, org, "net", "gcp").await?.is_none());
            assert_eq!(registry::find_module(&mut tx, org, "net", "aws").await?.unwrap().id, one.id);
            registry::insert_module_version(&mut tx, &first).await?;
            registry::insert_module_version(&mut tx, &second).await?;
            let listed = registry::list_module_versions(&mut tx, &one.id).await?;
            assert_eq!(listed.iter().map(|v| v.version.as_str()).collect::<Vec<_>>(), ["1.1.0", "1.0.0"]);
            assert_eq!(registry::set_module_status(&mut tx, &first.id, "reg_ingress_failed", Some("why")).await?, 1);
            let found = registry::find_module_version(&mut tx, &first.id).await?.unwrap();
            assert_eq!((found.status.as_str(), found.error.as_deref()), ("reg_ingress_failed", Some("why")));
            assert_eq!((found.organization_id, found.created_at), (org.clone(), first.created_at));
            assert_eq!(registry::set_module_status(&mut tx, &first.id, "ok", None).await?, 1);
            assert_eq!(registry::set_module_status(&mut tx, &first.id, "reg_ingress_failed", Some("late")).await?, 0);
            let found = registry::find_module_version(&mut tx, &first.id).await?.unwrap();
            assert_eq!((found.status.as_str(), found.error), ("ok", None));
            let found = registry::find_module_version_by_number(&mut tx, &one.id, "1.0.0").await?.unwrap();
            assert_eq!(found.id, first.id);
            assert!(registry::find_module_version_by_number(&mut tx, &two.id, "1.0.0").await?.is_none());
            let found = registry::find_module(&mut tx, org, "net", "aws").await?.unwrap();
            assert_eq!((found.whole, found.changed_at), (1, second.created_at));
            assert_eq!(registry::delete_module_version(&mut tx, &second.id).await?, 1);
            assert!(registry::find_module_version(&mut tx, &second.id).await?.is_none());
            assert_eq!(registry::delete_module(&mut tx, &one.id).await?, 1);
            assert!(registry::find_module_version(&mut tx, &first.id).await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

struct Provided {
    provider: registry::Provider,
    version: registry::ProviderVersion,
    platform: registry::Platform,
}

async fn provided(store: &Fresh, org: &OrganizationId) -> Provided {
    let key = registry::GpgKey {
        organization_id: org.clone(),
        key_id: "ABCD".into(),
        ascii_armor: "armor".into(),
        created_at: NOW,
    };
    let provider = registry::Provider {
        id: ProviderId::new(&[1; 32]),
        organization_id: org.clone(),
        name: "echo".into(),
        created_at: NOW,
        changed_at: NOW,
    };
    let version = registry::ProviderVersion {
        id: ProviderVersionId::new(&[1; 32]),
        organization_id: org.clone(),
        provider_id: provider.id.clone(),
        version: "1.0.0".into(),
        key_id: "ABCD".into(),
        protocols: "[\"5.0\"]".into(),
        created_at: NOW,
        shasums: 0,
        signatures: 0,
    };
    let platform = registry::Platform {
        id: PlatformId::new(&[1; 32]),
        organization_id: org.clone(),
        version_id: version.id.clone(),
        os: "linux".into(),
        arch: "amd64".into(),
        shasum: "00".into(),
        filename: "x.zip".into(),
        files: 0,
    };
    store
        .write(async |mut tx| {
            registry::insert_key(&mut tx, &key).await?;
            registry::insert_provider(&mut tx, &provider).await?;
            registry::insert_provider_version(&mut tx, &version).await?;
            registry::insert_platform(&mut tx, &platform).await
        })
        .await
        .unwrap();
    let taken = store.write(async |mut tx| registry::insert_key(&mut tx, &key).await).await.unwrap_err();
    assert!(taken.is_taken("gpg_keys"), "{taken:?}");
    Provided { provider, version, platform }
}

async fn providers(store: &Fresh) {
    let world = world(store).await;
    let org = &world.organization.id;
    let Provided { provider, version, platform } = provided(store, org).await;
    store
        .write(async |mut tx| {
            assert_eq!(registry::find_key(&mut tx, org, "ABCD").await?.unwrap().ascii_armor, "armor");
            assert!(registry::find_key(&mut tx, org, "ABCE").await?.is_none());
            assert_eq!(registry::list_keys(&mut tx, org).await?.len(), 1);
            assert_eq!(registry::delete_key(&mut tx, org, "ABCD").await?, 0, "a version is signed by it");
            assert_eq!(registry::find_provider(&mut tx, org, "echo").await?.unwrap().id, provider.id);
            let (listed, total) = registry::list_providers(&mut tx, org, 10, 0).await?;
            assert_eq!((listed.len(), total, listed[0].changed_at), (1, 1, version.created_at));
            assert!(registry::list_providers(&mut tx, org, 10, 1).await?.0.is_empty());
            let (listed, total) = registry::list_provider_versions(&mut tx, &provider.id, 10, 0).await?;
            assert_eq!((listed[0].id.clone(), listed[0].is_signed(), total), (version.id.clone(), false, 1));
            assert!(registry::list_provider_versions(&mut tx, &provider.id, 10, 1).await?.0.is_empty());
            let found = registry::find_provider_version_by_number(&mut tx, &provider.id, "1.0.0").await?.unwrap();
            assert_eq!(found.id, version.id);
            assert!(registry::find_provider_version_by_number(&mut tx, &provider.id, "1.0.1").await?.is_none());
            let found = registry::find_platform_by_name(&mut tx, &version.id, "linux", "amd64").await?.unwrap();
            assert_eq!((&found.id, &found.organization_id), (&platform.id, org));
            assert!(registry::find_platform_by_name(&mut tx, &version.id, "linux", "arm64").await?.is_none());
            assert!(registry::list_installable(&mut tx, &provider.id).await?.is_empty(), "no archive is there");
            assert!(registry::hold_provider_version(&mut tx, &version.id).await?);
            let listed = registry::list_platforms(&mut tx, &version.id).await?;
            assert_eq!((listed[0].arch.as_str(), listed[0].filename.as_str()), ("amd64", "x.zip"));
            assert_eq!(registry::delete_platform(&mut tx, &platform.id).await?, 1);
            assert!(registry::find_platform(&mut tx, &platform.id).await?.is_none());
            assert_eq!(registry::delete_provider_version(&mut tx, &version.id).await?, 1);
            assert!(registry::find_provider_version(&mut tx, &version.id).await?.is_none());
            assert!(!registry::hold_provider_version(&mut tx, &version.id).await?);
            assert_eq!(registry::delete_key(&mut tx, org, "ABCD").await?, 1);
            assert_eq!(registry::delete_provider(&mut tx, &provider.id).await?, 1);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn files(store: &Fresh) {
    use registry::Owner;
    let world = world(store).await;
    let org = &world.organization.id;
    let Provided { provider, version, platform } = provided(store, org).await;
    let net = module(org, 1, "net");
    let first = module_version(&net, 1, "1.0.0");
    let owners = [
        (Owner::Module(first.id.clone()), "archive"),
        (Owner::Provider(version.id.clone()), "shasums"),
        (Owner::Provider(version.id.clone()), "signature"),
        (Owner::Platform(platform.id.clone()), "archive"),
    ];
    store
        .write(async |mut tx| {
            registry::insert_module(&mut tx, &net).await?;
            registry::insert_module_version(&mut tx, &first).await?;
            for (n, (owner, kind)) in (1..).zip(&owners) {
                let kept = file(org, n, kind);
                assert!(registry::find_file_of(&mut tx, owner, kind).await?.is_none());
                registry::insert_file(&mut tx, &kept, owner, NOW).await?;
                let found = registry::find_file_of(&mut tx, owner, kind).await?.unwrap();
                assert_eq!((&found.id, &found.kind, found.size, &found.name), (&kept.id, &kept.kind, 7, &kept.name));
                let found = registry::find_file(&mut tx, kept.id.as_str()).await?.unwrap();
                assert_eq!((found.wrapped, found.sealed, found.object_key), (kept.wrapped, None, kept.object_key));
                let object = format!("object-{n}");
                let known = blob::find_known(&mut tx, &[&object, "object-none"], NOW).await?;
                assert_eq!(known, [object].into(), "the sweep would take it away");
            }
            let found = registry::find_provider_version(&mut tx, &version.id).await?.unwrap();
            assert_eq!((found.shasums, found.signatures, found.is_signed()), (1, 1, true));
            assert_eq!(registry::find_platform(&mut tx, &platform.id).await?.unwrap().files, 1);
            let listed = registry::list_installable(&mut tx, &provider.id).await?;
            assert_eq!(listed.iter().map(|p| &p.id).collect::<Vec<_>>(), [&platform.id]);
            assert_eq!(registry::delete_file(&mut tx, &BlobId::new(&[3; 32])).await?, 1);
            assert!(!registry::find_provider_version(&mut tx, &version.id).await?.unwrap().is_signed());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let second = file(org, 9, "archive");
    let taken =
        store.write(async |mut tx| registry::insert_file(&mut tx, &second, &owners[0].0, NOW).await).await.unwrap_err();
    assert!(taken.is_taken("registry_files"), "{taken:?}");
    store
        .write(async |mut tx| {
            registry::delete_provider(&mut tx, &provider.id).await?;
            registry::delete_module(&mut tx, &net.id).await?;
            let gone = ["object-1", "object-2", "object-3", "object-4"];
            assert_eq!(blob::find_known(&mut tx, &gone, NOW).await?, [].into());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

/// Nothing of one organization belongs to what is another's.
async fn foreign_rows(store: &Fresh) {
    let world = world(store).await;
    let org = &world.organization.id;
    let Provided { version, platform, .. } = provided(store, org).await;
    let net = module(org, 1, "net");
    store.write(async |mut tx| registry::insert_module(&mut tx, &net).await).await.unwrap();
    let mut elsewhere = world.organization.clone();
    (elsewhere.id, elsewhere.name) = (OrganizationId::new(&[9; 32]), "elsewhere".into());
    store.write(async |mut tx| store::organization::insert(&mut tx, &elsewhere).await).await.unwrap();
    let other = elsewhere.id;
    let mut stray = module_version(&net, 1, "1.0.0");
    stray.organization_id = other.clone();
    refused(&store.write(async |mut tx| registry::insert_module_version(&mut tx, &stray).await).await);
    let mut stray = platform.clone();
    (stray.id, stray.organization_id, stray.arch) = (PlatformId::new(&[2; 32]), other.clone(), "arm64".into());
    refused(&store.write(async |mut tx| registry::insert_platform(&mut tx, &stray).await).await);
    let (stray, owner) = (file(&other, 1, "shasums"), registry::Owner::Provider(version.id));
    refused(&store.write(async |mut tx| registry::insert_file(&mut tx, &stray, &owner, NOW).await).await);
}

fn refused(answer: &Result<(), Error>) {
    let Err(Error::Database(error)) = answer else { panic!("{answer:?}") };
    assert!(error.as_database_error().unwrap().is_foreign_key_violation(), "{error:?}");
}
