"""The tray icon as the panel has it: over the message bus."""

from gi.repository import GLib


def tray_item(bus):
    """Bus name and path of our tray icon."""
    watcher = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")
    for item in bus.get(*watcher, "RegisteredStatusNotifierItems"):
        name, slash, path = item.partition("/")
        path = slash + path or "/StatusNotifierItem"
        if "ostler" in str(bus.get(name, path, "org.kde.StatusNotifierItem", "Id")).lower():
            return name, path
    return None


def menu_entries(bus, name, menu):
    """All entries of the menu as (id, label, labels above)."""
    arguments = GLib.Variant("(iias)", (0, -1, []))
    _, root = bus.call(name, menu, "com.canonical.dbusmenu", "GetLayout", arguments)

    def entries(item, above):
        number, properties, children = item
        label = str(properties.get("label", "")).replace("_", "")
        yield number, label, above
        for child in children:
            yield from entries(child, (*above, label))

    return list(entries(root, ()))
