//! Users, tokens, sessions, set-up links; organizations, members, projects.

use crate::base::{Fresh, NOW, on_both, person, run, world};
use domain::{
    id::{ProjectId, TokenId, UserId},
    permission::Role,
};
use store::{Error, login, organization, phase, user};

on_both! { users  tokens  login_codes  sessions  the_setup_link  organizations  projects }

async fn users(store: &Fresh) {
    let (one, two) = (person(1), person(2));
    assert!(store.look(async |mut tx| user::is_empty(&mut tx).await).await.unwrap());
    store.write(async |mut tx| user::insert(&mut tx, &two, None).await).await.unwrap();
    store.write(async |mut tx| user::insert(&mut tx, &one, Some("hash")).await).await.unwrap();
    for (name, email) in [(one.name.as_str(), "new@example.com"), ("new", one.email.as_str())] {
        let double = user::User { id: UserId::new(&[3; 32]), name: name.into(), email: email.into(), ..one.clone() };
        let taken = store.write(async |mut tx| user::insert(&mut tx, &double, None).await).await.unwrap_err();
        assert!(taken.is_taken("users") && !taken.is_taken("user"), "{taken:?}");
    }
    let found = store
        .read(async |mut tx| {
            assert!(!user::is_empty(&mut tx).await?);
            let by_id = user::find(&mut tx, &one.id).await?.unwrap();
            let by_name = user::find_by_name(&mut tx, &one.name).await?.unwrap();
            let by_email = user::find_by_email(&mut tx, &one.email).await?.unwrap();
            assert_eq!((by_id.id, by_name.id, by_email.id), (one.id.clone(), one.id.clone(), one.id.clone()));
            assert!(user::find_by_name(&mut tx, "nobody").await?.is_none());
            let names = user::list_names(&mut tx, &[one.id.as_str(), "user-none"]).await?;
            assert_eq!(names, [(one.id.to_string(), one.name.clone())]);
            assert!(user::list_names(&mut tx, &[]).await?.is_empty());
            for login in [&one.name, &one.email] {
                assert_eq!(user::find_password(&mut tx, login).await?, Some((one.id.to_string(), "hash".into())));
            }
            assert_eq!(user::find_password(&mut tx, &two.name).await?, None);
            user::list(&mut tx).await
        })
        .await
        .unwrap();
    assert_eq!(found.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), ["person-1", "person-2"]);
}

async fn tokens(store: &Fresh) {
    let one = person(1);
    let token = |n: u8, expires: Option<i64>| user::Token {
        id: TokenId::new(&[n; 32]),
        description: "laptop".into(),
        created_at: NOW.plus_seconds(n.into()),
        expires_at: expires,
    };
    let (ever, over) = (token(1, None), token(2, Some(NOW.micros())));
    store
        .write(async |mut tx| {
            user::insert(&mut tx, &one, None).await?;
            user::insert_token(&mut tx, &one.id, &ever, b"ever").await?;
            user::insert_token(&mut tx, &one.id, &over, b"over").await
        })
        .await
        .unwrap();
    let stranger = UserId::new(&[9; 32]);
    store
        .write(async |mut tx| {
            let (bearer, until) = user::find_by_token(&mut tx, b"ever", NOW).await?.unwrap();
            assert_eq!((bearer.id, until), (one.id.clone(), None));
            assert!(user::find_by_token(&mut tx, b"over", NOW).await?.is_none());
            assert!(user::find_by_token(&mut tx, b"none", NOW).await?.is_none());
            let listed = user::list_tokens(&mut tx, &one.id).await?;
            assert_eq!(listed.iter().map(|t| t.id.clone()).collect::<Vec<_>>(), [over.id.clone(), ever.id.clone()]);
            assert!(user::find_token(&mut tx, &stranger, &ever.id).await?.is_none());
            assert_eq!(
                user::find_token(&mut tx, &one.id, &ever.id).await?.map(|token| token.id),
                Some(ever.id.clone())
            );
            assert_eq!(user::revoke_token(&mut tx, &stranger, &ever.id, NOW).await?, 0);
            assert_eq!(user::revoke_token(&mut tx, &one.id, &ever.id, NOW).await?, 1);
            assert_eq!(user::revoke_token(&mut tx, &one.id, &ever.id, NOW).await?, 0);
            assert!(user::find_by_token(&mut tx, b"ever", NOW).await?.is_none());
            assert!(user::find_token(&mut tx, &one.id, &ever.id).await?.is_none());
            assert_eq!(user::list_tokens(&mut tx, &one.id).await?.len(), 1);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn login_codes(store: &Fresh) {
    let (one, soon, later) = (person(1), NOW.plus_seconds(1), NOW.plus_seconds(2));
    let token =
        user::Token { id: TokenId::new(&[1; 32]), description: "laptop".into(), created_at: NOW, expires_at: None };
    let code = |expires_at, ttl_seconds| login::Code {
        user_id: one.id.clone(),
        challenge: "challenge".into(),
        redirect_uri: "http://localhost:10000/login".into(),
        description: "laptop".into(),
        ttl_seconds,
        expires_at,
        token_id: None,
    };
    store
        .write(async |mut tx| {
            user::insert(&mut tx, &one, None).await?;
            user::insert_token(&mut tx, &one.id, &token, b"token").await?;
            login::insert_code(&mut tx, b"a", &code(soon, None), NOW).await?;
            login::insert_code(&mut tx, b"b", &code(later, Some(60)), NOW).await?;
            let found = login::find_code(&mut tx, b"b").await?.unwrap();
            assert_eq!((found.user_id, found.ttl_seconds, found.expires_at), (one.id.clone(), Some(60), later));
            assert_eq!(
                (found.challenge.as_str(), found.redirect_uri.as_str()),
                ("challenge", "http://localhost:10000/login")
            );
            assert_eq!((found.description.as_str(), found.token_id), ("laptop", None));
            assert_eq!(login::use_code(&mut tx, b"none", NOW).await?, 0);
            assert_eq!(login::use_code(&mut tx, b"b", NOW).await?, 1);
            assert_eq!(login::use_code(&mut tx, b"b", NOW).await?, 0);
            assert_eq!(login::set_token(&mut tx, b"b", &token.id).await?, 1);
            assert_eq!(login::find_code(&mut tx, b"b").await?.unwrap().token_id, Some(token.id.to_string()));
            assert_eq!(login::delete_old_codes(&mut tx, soon).await?, 1);
            assert!(login::find_code(&mut tx, b"a").await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn sessions(store: &Fresh) {
    let one = person(1);
    let (soon, later) = (NOW.plus_seconds(1), NOW.plus_seconds(2));
    store
        .write(async |mut tx| {
            user::insert(&mut tx, &one, None).await?;
            user::insert_session(&mut tx, &one.id, b"a", NOW, soon).await?;
            user::insert_session(&mut tx, &one.id, b"b", NOW, later).await?;
            assert_eq!(user::find_by_session(&mut tx, b"a", NOW).await?.unwrap().id, one.id);
            assert!(user::find_by_session(&mut tx, b"a", soon).await?.is_none());
            assert_eq!(user::delete_old_sessions(&mut tx, soon).await?, 1);
            assert_eq!(user::delete_session(&mut tx, b"a").await?, 0);
            assert_eq!(user::delete_session(&mut tx, b"b").await?, 1);
            user::insert_session(&mut tx, &one.id, b"c", NOW, later).await?;
            user::set_password(&mut tx, &one.id, "another").await?;
            assert_eq!(user::find_password(&mut tx, &one.name).await?, Some((one.id.to_string(), "another".into())));
            assert_eq!(user::delete_sessions(&mut tx, &one.id).await?, 1);
            assert!(user::find_by_session(&mut tx, b"c", NOW).await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn the_setup_link(store: &Fresh) {
    let until = NOW.plus_seconds(1);
    store
        .write(async |mut tx| {
            user::replace_setup(&mut tx, b"old", until).await?;
            user::replace_setup(&mut tx, b"new", until).await?;
            assert!(!user::find_setup(&mut tx, b"old", NOW).await?);
            assert!(user::find_setup(&mut tx, b"new", NOW).await?);
            assert!(!user::find_setup(&mut tx, b"new", until).await?);
            assert_eq!(user::delete_setups(&mut tx).await?, 1);
            assert_eq!(user::delete_setups(&mut tx).await?, 0);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn organizations(store: &Fresh) {
    let world = world(store).await;
    let (org, user) = (&world.organization, &world.user);
    let double = organization::Organization { id: domain::id::OrganizationId::new(&[2; 32]), ..org.clone() };
    let taken = store.write(async |mut tx| organization::insert(&mut tx, &double).await).await.unwrap_err();
    assert!(taken.is_taken("organizations"), "{taken:?}");
    let waiting = run(store, &world, 1).await;
    store
        .write(async |mut tx| {
            let unknown = organization::find_by_name(&mut tx, "acme", "").await?.unwrap();
            assert_eq!((unknown.id, unknown.run_limit, unknown.role), (org.id.clone(), Some(2), None));
            assert!(organization::find_by_name(&mut tx, "ACME", "").await?.is_none());
            assert_eq!(unknown.image, org.image);
            let changed =
                organization::Organization { email: "it@acme.example".into(), image: "t".into(), ..org.clone() };
            organization::hold(&mut tx, &org.id).await?;
            organization::update(&mut tx, &changed).await?;
            let seen = organization::find_by_name(&mut tx, "acme", "").await?.unwrap();
            assert_eq!((seen.email.as_str(), seen.image.as_str()), ("it@acme.example", "t"));
            assert!(organization::list(&mut tx, user.id.as_str(), false).await?.is_empty());
            organization::put_member(&mut tx, &org.id, &user.id, Role::Read, NOW).await?;
            organization::put_member(&mut tx, &org.id, &user.id, Role::Owner, NOW).await?;
            let seen = organization::list(&mut tx, user.id.as_str(), false).await?;
            assert_eq!(seen[0].role.as_deref(), Some("owner"));
            assert_eq!(organization::list(&mut tx, "", true).await?.len(), 1);
            let members = organization::list_members(&mut tx, &org.id).await?;
            assert_eq!(
                members.iter().map(|m| (m.name.as_str(), m.role.as_str())).collect::<Vec<_>>(),
                [("person-1", "owner")]
            );
            assert_eq!(organization::capacity(&mut tx, &org.id).await?, (1, 0));
            phase::queue(&mut tx, waiting.id.plan().as_str(), NOW).await?;
            phase::lease(&mut tx, waiting.id.plan().as_str(), crate::base::leased(1, NOW, b"t")).await?;
            assert_eq!(organization::capacity(&mut tx, &org.id).await?, (1, 1));
            assert_eq!(organization::delete_member(&mut tx, &org.id, &user.id).await?, 1);
            assert_eq!(organization::delete_member(&mut tx, &org.id, &user.id).await?, 0);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn projects(store: &Fresh) {
    let world = world(store).await;
    let org = &world.organization;
    let other =
        organization::Project { id: ProjectId::new(&[2; 32]), name: "Apps".into(), is_default: false, ..world.project };
    store.write(async |mut tx| organization::insert_project(&mut tx, &org.id, &other).await).await.unwrap();
    let double = organization::Project { id: ProjectId::new(&[3; 32]), ..other.clone() };
    let taken =
        store.write(async |mut tx| organization::insert_project(&mut tx, &org.id, &double).await).await.unwrap_err();
    assert!(taken.is_taken("projects"), "{taken:?}");
    store
        .read(async |mut tx| {
            let listed = organization::list_projects(&mut tx, &org.id).await?;
            assert_eq!(listed.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Apps", "Default Project"]);
            assert_eq!(organization::default_project(&mut tx, &org.id).await?.unwrap().name, "Default Project");
            let (project, name, role) = organization::find_project(&mut tx, &other.id, "").await?.unwrap();
            assert_eq!((project.id, name.as_str(), role), (other.id.clone(), "acme", None));
            assert!(organization::find_project(&mut tx, &double.id, "").await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
