//! What the window shows of the document, where it differs from what is shown.

use std::sync::Arc;

use ostler_view::editor::changes;

use super::super::finds::Finds;
use super::super::{Disk, DocumentFacts, FindFacts, PICTURE, Picture};
use super::Editor;
use crate::stage::post;

impl Editor {
    /// Puts the text into the document as its only one.
    pub(super) fn fill(&self) {
        if let (Some(object), true) = (&self.object, self.is_attached) {
            let text = self.text.clone();
            object.queue(move |document| document.fill(&text)).ok();
        }
    }

    /// Shows what is known, where it differs from what is shown.
    pub(super) fn show(&mut self) {
        self.changes = changes(&self.base.text, &self.text);
        let picture = Picture {
            path: self.reach.paths.config.clone(),
            text: self.text.clone(),
            base: self.base.text.clone(),
            disk: self.theirs.as_ref().map(|base| base.text.clone()),
            problems: self.problems.clone(),
            plan: self.plan.as_ref().map(|(plan, _)| plan.clone()).unwrap_or_default(),
            finds: self.finds.clone(),
            find_lines: self.find_lines(),
            saves: self.saves,
        };
        PICTURE.send_if_modified(|shown| {
            let is_new = **shown != picture;
            if is_new {
                *shown = Arc::new(picture);
            }
            is_new
        });
        self.show_finds();
        let facts = self.facts();
        if let Some(object) = self.object.as_ref().filter(|_| facts != self.told) {
            self.told = facts.clone();
            post(object, &Arc::new(()), move |document| document.put(facts));
        }
    }

    fn show_finds(&mut self) {
        let Finds { folder, is_looked, wanted, starts, .. } = &self.finds;
        let facts = FindFacts {
            folder: folder.clone(),
            is_looked: *is_looked,
            wanted: wanted.len(),
            starts: *starts,
        };
        if let Some(finder) = self.finder.as_ref().filter(|_| facts != self.told_finds) {
            self.told_finds = facts.clone();
            post(finder, &Arc::new(()), move |finder| finder.put(&facts));
        }
    }

    fn facts(&self) -> DocumentFacts {
        let path = &self.reach.paths.config;
        let disk = match &self.theirs {
            Some(theirs) if theirs.exists => Disk::Changed,
            Some(_) => Disk::Gone,
            None if self.base.exists => Disk::Unchanged,
            None => Disk::Missing,
        };
        let lines = self.text.split('\n').count();
        let mut severities = vec![0; lines];
        let mut words = Vec::new();
        for problem in &self.problems {
            let Some(at) = problem.at else { continue };
            if let Some(severity) = severities.get_mut(at.line - 1)
                && *severity == 0
            {
                *severity = if problem.is_error { 2 } else { 1 };
                words.push((at.line, problem.title.clone()));
            }
        }
        let marks = self.changes.marks.iter();
        let bits = |mark: &ostler_view::editor::Mark| {
            u8::from(mark.is_added) | u8::from(mark.is_changed) << 1 | u8::from(mark.is_gone_above) << 2
        };
        let errors = self.problems.iter().filter(|problem| problem.is_error).count();
        DocumentFacts {
            path: path.display().to_string(),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            is_loaded: self.is_loaded,
            is_dirty: self.text != self.base.text
                || (self.is_loaded && !self.base.exists && !self.text.is_empty()),
            is_checked: self.checked.as_deref() == Some(self.text.as_str()),
            errors,
            notices: self.problems.len() - errors,
            added: self.changes.added,
            removed: self.changes.removed,
            disk,
            disk_time: self.disk_time.clone(),
            has_plan: self.plan.is_some(),
            is_plan_current: self.is_plan_current,
            plan_time: self.plan.as_ref().map(|(_, time)| time.clone()).unwrap_or_default(),
            has_engine: self.reach.reports.borrow().client.is_some(),
            is_saving: self.is_saving,
            failure: self.failure.clone(),
            saved_time: self.saved_time.clone(),
            marks: marks.map(bits).collect(),
            severities,
            words,
            services: self.services.clone(),
        }
    }
}
