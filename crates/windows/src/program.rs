//! Which file the name of a program means: its ending may be left out.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The ends of the names of programs, in the order in which they are looked for.
const ENDINGS: [&str; 4] = ["com", "exe", "bat", "cmd"];

/// Whether a program is given with its place.
pub fn has_separator(program: &str) -> bool {
    program.contains(['/', '\\', ':'])
}

/// Whether a name ends as those of programs do.
pub fn has_ending(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The file that a program's place means, with its ending; as it is where there is none.
pub fn with_ending(place: PathBuf) -> PathBuf {
    if has_ending(&place) {
        return place;
    }
    let with = |ending: &&str| {
        let mut name = place.clone().into_os_string();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    };
    ENDINGS.iter().map(with).find(|candidate| candidate.is_file()).unwrap_or(place)
}

/// Finds a program: where its name says, else in our `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let is_program = |place: &PathBuf| has_ending(place) && place.is_file();
    if has_separator(program) {
        return Some(with_ending(PathBuf::from(program))).filter(is_program);
    }
    let path = env::var_os("PATH")?;
    // An empty entry would mean the current folder.
    let mut folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.find_map(|folder| Some(with_ending(folder.join(program))).filter(is_program))
}
