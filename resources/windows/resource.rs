//! What the system shows of a program on Windows: its icon, name and version; and what it may do. Part of build scripts.

const MANIFEST: &str = r#"<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security>
      <requestedPrivileges>
        <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
      </requestedPrivileges>
    </security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application>
      <!-- Windows 10 and 11 -->
      <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
    </application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
    </windowsSettings>
  </application>
</assembly>
"#;

/// Puts it into the programs of this package when they are built for Windows. Without a resource compiler they are built
/// all the same, and say so.
pub(crate) fn embed(folder: &str, description: &str) {
    println!("cargo::rerun-if-changed={folder}");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        return;
    }
    let mut resource = winresource::WindowsResource::new();
    resource.set_icon(&format!("{folder}/ostler.ico")).set_manifest(MANIFEST);
    resource.set("ProductName", "Ostler").set("FileDescription", description);
    if let Err(error) = resource.compile() {
        println!("cargo::warning=the programs have neither icon nor version, and no long paths: {error}");
    }
}
