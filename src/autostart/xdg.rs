//! Starting with the session by the Desktop Application Autostart Specification (freedesktop.org).

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FILE: &str = "dev.ostler.app.desktop";
const ENTRY: &str = "[Desktop Entry]";

/// Whether the session starts the app.
///
/// # Errors
/// The entry cannot be read.
pub(crate) fn is_on() -> io::Result<bool> {
    let Some(file) = place() else { return Ok(false) };
    Ok(read(&file)?.is_some_and(|text| is_entry_on(&text)))
}

/// Lets the session start the app without a window, or not any more.
///
/// # Errors
/// There is no home, or the entry cannot be written.
pub(crate) fn set(is_on: bool) -> io::Result<()> {
    let file =
        place().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no home directory"))?;
    if !is_on {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("desktop.new");
    fs::write(&beside, entry(&env::current_exe()?))?;
    fs::rename(&beside, &file)
}

/// Mends the entry if it is on and starts another program than this one; says whether it did.
///
/// # Errors
/// The entry cannot be read or written.
pub(crate) fn repair() -> io::Result<bool> {
    let Some(file) = place() else { return Ok(false) };
    let Some(text) = read(&file)? else { return Ok(false) };
    let exec = exec(&env::current_exe()?);
    if !is_entry_on(&text) || value(&text, "Exec") == Some(&exec) {
        return Ok(false);
    }
    set(true).map(|()| true)
}

/// Where it is written.
pub(crate) fn place() -> Option<PathBuf> {
    let configured = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = configured.or_else(|| env::home_dir().map(|home| home.join(".config")))?;
    Some(folder.join("autostart").join(FILE))
}

fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Desktops switch an entry off in two ways: hidden, or by a key of GNOME's that others read too.
fn is_entry_on(text: &str) -> bool {
    let is_off =
        value(text, "Hidden") == Some("true") || value(text, "X-GNOME-Autostart-enabled") == Some("false");
    !is_off && value(text, "Exec").is_some_and(|exec| !exec.is_empty())
}

/// The value of a key in the first group, which is the entry.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let lines = text.lines().map(str::trim).skip_while(|line| *line != ENTRY).skip(1);
    let own = lines.take_while(|line| !line.starts_with('['));
    own.filter_map(|line| line.split_once('=')).find(|(name, _)| name.trim() == key).map(|(_, it)| it.trim())
}

fn entry(program: &Path) -> String {
    format!(
        "{ENTRY}\nType=Application\nName=Ostler\nComment=Local services in the system tray\nExec={}\n\
         Icon=dev.ostler.app\nTerminal=false\nStartupNotify=false\nX-GNOME-Autostart-enabled=true\n",
        exec(program)
    )
}

/// The command line, quoted as the Desktop Entry Specification wants it: twice, as an argument and as a string.
fn exec(program: &Path) -> String {
    let mut quoted = String::from("\"");
    for letter in program.to_string_lossy().chars() {
        match letter {
            '"' | '`' | '$' => quoted.extend(['\\', '\\', letter]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(letter),
        }
    }
    quoted + "\" --background"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_ours_is_on_and_can_be_switched_off_by_the_desktop() {
        let text = entry(Path::new("/opt/ostler/ostler-tray"));
        assert!(is_entry_on(&text));
        assert_eq!(value(&text, "Exec"), Some("\"/opt/ostler/ostler-tray\" --background"));
        assert!(!is_entry_on(&format!("{text}Hidden=true\n")));
        assert!(!is_entry_on(&text.replace("enabled=true", "enabled=false")));
        assert!(!is_entry_on(""));
        assert!(is_entry_on(&format!("{text}[Other]\nHidden=true\n")));
    }

    #[test]
    fn a_path_with_special_letters_is_quoted() {
        assert_eq!(exec(Path::new("/a b/50%/$x")), "\"/a b/50%%/\\\\$x\" --background");
    }
}
