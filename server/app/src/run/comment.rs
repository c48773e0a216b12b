//! What people say of a run.

use crate::{App, Caller, Error, Result, access};
use domain::{
    id::{CommentId, RunId},
    permission::Permission,
};
use store::{Tx, comment::Comment, run::Run};

/// The longest comment, in bytes: as long as the message of a run.
const LONGEST: usize = 8192;
/// The most comments of a run.
const MOST: i64 = 1000;

/// Refuses words that cannot be a comment.
pub(super) fn check(body: &str) -> Result<()> {
    if body.trim().is_empty() {
        return Err(Error::invalid("body", "Body can't be blank"));
    }
    if body.contains('\0') {
        return Err(Error::invalid("body", "Body holds a character that is none of a text (NUL)"));
    }
    if body.len() > LONGEST {
        return Err(Error::invalid("body", format!("Body is too long (maximum is {LONGEST} bytes)")));
    }
    Ok(())
}

impl App {
    /// Says something of a run: whoever may queue one may.
    pub async fn comment_run(&self, caller: &Caller, run: &RunId, body: &str) -> Result<Comment> {
        check(body)?;
        let run = self.run(caller, run).await?;
        let comment = self.comment(caller, &run, body);
        self.store
            .write(async |mut tx| {
                access::hold(&mut tx, caller, &run.workspace_id, Permission::QueueRun).await?;
                insert(&mut tx, &comment).await
            })
            .await?;
        Ok(comment)
    }

    /// The comments on a run, oldest first.
    pub async fn list_comments(&self, caller: &Caller, run: &RunId) -> Result<Vec<Comment>> {
        self.run(caller, run).await?;
        Ok(self.store.look(async |mut tx| store::comment::list(&mut tx, run).await).await?)
    }

    /// A comment.
    pub async fn find_comment(&self, caller: &Caller, id: &CommentId) -> Result<Comment> {
        let missing = || Error::not_found(format!("comment {id}"));
        let found = self.store.look(async |mut tx| store::comment::find(&mut tx, id).await).await?;
        let comment = found.ok_or_else(missing)?;
        match self.run(caller, &comment.run_id).await {
            Ok(_) => Ok(comment),
            Err(Error::NotFound(_)) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// A comment by this caller, not yet kept.
    pub(super) fn comment(&self, caller: &Caller, run: &Run, body: &str) -> Comment {
        Comment {
            id: CommentId::new(&self.entropy()),
            organization_id: run.organization_id.clone(),
            run_id: run.id.clone(),
            body: body.to_owned(),
            created_by: caller.id().map(ToString::to_string),
            created_at: self.now(),
        }
    }
}

/// Keeps a comment on a run whose workspace is held: nobody else counts meanwhile.
pub(super) async fn insert(tx: &mut Tx, comment: &Comment) -> Result<()> {
    if store::comment::count(tx, &comment.run_id).await? >= MOST {
        return Err(Error::Conflict(format!("{} has {MOST} comments, which is the most", comment.run_id)));
    }
    Ok(store::comment::insert(tx, comment).await?)
}
