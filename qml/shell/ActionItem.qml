import QtQuick
import dev.ostler.app

// A line of a menu that is an action of the registry: its words, keys, and whether it can be done when the menu opens.
BaseMenuItem {
    id: root

    required property int actionId
    property string service: ""
    property bool isNamed: false
    readonly property string obstacle: root.visible ? Actions.obstacle(root.actionId, root.service) : ""

    text: Actions.text(root.actionId, root.isNamed ? root.service : "")
    keys: Actions.keys(root.actionId)
    enabled: root.obstacle === ""
    Accessible.description: root.obstacle
    onTriggered: Actions.run(root.actionId, root.service)
}
