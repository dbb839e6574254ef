//! `ostler config history|restore`.

use ostler_api::{ApiError, ConfigRestoreParams, ErrorCode};
use ostler_host::saving::{self, SaveWish};

use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    print::{Align, Cell, DIM, Table, home_text, plan_text, remark, safe},
    saving::{Saver, diff_text, saved_text},
    term,
};

/// Characters of a hash that are shown.
const HASH_SHOWN: usize = 12;

/// Lists the kept versions.
pub(crate) async fn history(context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    let history = saving::history(&saver.store)?;
    let clock = context.clock();
    context.out.either(&history, || {
        if history.0.is_empty() {
            return "No version is kept yet; one is with every save through Ostler.\n".to_owned();
        }
        let left = |name| (name, Align::Left);
        let mut table =
            Table::new([("ID", Align::Right), left("AT"), left("BY"), left("HASH"), left("FILE")]);
        for version in &history.0 {
            let hash: String = version.hash.chars().take(HASH_SHOWN).collect();
            table.row([
                version.id.to_string().into(),
                safe(&clock.day_second(&version.at)).into_owned().into(),
                safe(&version.actor).into_owned().into(),
                Cell::styled(DIM, hash),
                safe(&home_text(&version.file)).into_owned().into(),
            ]);
        }
        table.render()
    })?;
    Ok(OK)
}

/// Goes back to a version, after showing what that changes.
pub(crate) async fn restore(id: u64, is_agreed: bool, context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    let present = saver.store.present().map_err(|error| saving::told(&saver.store, error))?;
    let wish = SaveWish::Restore(ConfigRestoreParams { id, base_hash: present.hash });
    let draft = saver.draft(&wish)?;
    if !context.out.is_json() {
        remark(diff_text(draft.before.as_deref().unwrap_or_default(), &draft.text, &draft.file).trim_end());
    }
    let is_main = present.files.first().is_some_and(|main| *main == draft.file);
    if let (false, true, Some(plan)) = (context.out.is_json(), is_main, saver.plan(&draft.text).await?) {
        remark(plan_text(&plan, false).trim_end());
    }
    if !is_agreed {
        if !term::can_ask() {
            let error = ApiError::new(ErrorCode::NotPermitted, "nobody can be asked whether this is right");
            return Err(Failure::Api(error.hint(format!("say so: ostler config restore {id} --yes"))));
        }
        if !term::ask(&format!("Go back to version {id}?")) {
            return Err(ApiError::new(ErrorCode::Conflict, "nothing was restored").into());
        }
    }
    let reply = saver.save(&wish).await?;
    context
        .out
        .either(&reply, || saved_text(&reply, &format!("version {id} is back"), saver.has_engine()))?;
    Ok(OK)
}
