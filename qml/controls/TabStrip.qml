import QtQuick
import dev.ostler.app

// Tabs in a row, one stop of the Tab key; Left and Right go from one to the next. Its children are TabButtons.
FocusScope {
    id: root

    property string label: ""
    default property alias tabs: row.data

    implicitWidth: row.implicitWidth
    implicitHeight: Metrics.tabHeight

    Accessible.role: Accessible.PageTabList
    Accessible.name: root.label

    // Goes to the next or last tab that is there, around the end.
    function step(isForward: bool) {
        let tabs = [];
        let at = -1;
        for (let i = 0; i < row.children.length; ++i) {
            const tab = row.children[i] as TabButton;
            if (!tab || !tab.visible || !tab.enabled)
                continue;
            if (tab.isCurrent)
                at = tabs.length;
            tabs.push(tab);
        }
        if (tabs.length === 0)
            return;
        const next = tabs[(at + (isForward ? 1 : -1) + tabs.length) % tabs.length];
        next.clicked();
        next.forceActiveFocus(Qt.TabFocusReason);
    }

    Keys.onRightPressed: root.step(!root.LayoutMirroring.enabled)
    Keys.onLeftPressed: root.step(root.LayoutMirroring.enabled)

    Row {
        id: row

        height: parent.height
    }
}
