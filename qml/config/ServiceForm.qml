pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The most used keys of a service. Each change is one edit of the document; comments stay.
Column {
    id: root

    property string service: ""
    property bool isShown: false
    readonly property list<string> groups: [qsTr("What runs"), qsTr("When it starts"), qsTr("Network"), qsTr("Health"), qsTr("Restarts"), qsTr("Stop and limits")]

    spacing: Metrics.gap

    Callout {
        width: parent.width
        visible: ConfigDocument.isLoaded && !ConfigDocument.hasForm
        kind: Callout.Warn
        title: qsTr("The text cannot be read as TOML")
        text: qsTr("The form shows what it said before. Mend the text first; its problems are listed.")
    }

    PlainText {
        width: parent.width
        visible: root.service === "" && ConfigDocument.hasForm
        text: qsTr("There is no service yet.")
        color: Theme.text2
    }

    Repeater {
        model: Records {
            source: "config-form"
            subject: root.service
            isActive: root.isShown && root.service !== ""
        }

        delegate: FormField {
            id: field

            width: root.width
            service: root.service
            heading: field.isFirst ? root.groups[field.group] : ""
            enabled: ConfigDocument.hasForm
        }
    }
}
