import QtQuick
import dev.ostler.app

// Within a Flickable: brings what gets the keyboard into view.
Item {
    id: root

    required property Flickable view
    readonly property Item focused: Window.activeFocusItem

    function isInside(item: Item): bool {
        for (let above = item ? item.parent : null; above; above = above.parent) {
            if (above === root.view.contentItem)
                return true;
        }
        return false;
    }

    function reveal() {
        if (!root.isInside(root.focused))
            return;
        const margin = Metrics.gap;
        const top = root.focused.mapToItem(root.view.contentItem, 0, 0).y - margin;
        const bottom = top + root.focused.height + 2 * margin;
        const most = Math.max(0, root.view.contentHeight - root.view.height);
        if (top < root.view.contentY || bottom - top > root.view.height)
            root.view.contentY = Math.max(0, Math.min(top, most));
        else if (bottom > root.view.contentY + root.view.height)
            root.view.contentY = Math.min(bottom - root.view.height, most);
    }

    visible: false

    onFocusedChanged: root.reveal()
}
