"""The tray icon as the panel has it: over the message bus."""

from gi.repository import GLib

from waiting import wait

ITEM = "org.kde.StatusNotifierItem"


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


def choose(desktop, what, is_it):
    """Chooses the entry of the menu of which this is so, by its label and the labels above it."""
    bus = desktop.bus

    def chosen():
        item = tray_item(bus)
        if item is None:
            return False
        menu = bus.get(*item, ITEM, "Menu")
        number = next((n for n, label, above in menu_entries(bus, item[0], menu) if is_it(label, above)), None)
        if number is None:
            return False
        event = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("s", ""), 0))
        try:
            bus.call(item[0], menu, "com.canonical.dbusmenu", "Event", event)
        except GLib.Error:
            # The menu has changed since it was read.
            return False
        return True

    wait(f"the tray menu has {what}", chosen)
