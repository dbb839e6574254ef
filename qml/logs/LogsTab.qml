import QtQuick
import dev.ostler.app

// The log of a service, or of one of its instances.
FocusScope {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false

    LogsView {
        anchors.fill: parent
        focus: true
        isShown: root.isShown
        services: root.instance !== "" ? [root.instance] : root.service !== "" ? [root.service] : []
    }
}
