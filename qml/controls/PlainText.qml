import QtQuick
import dev.ostler.app

// Text as it is, never markup. Readers get it too, unless what it stands in says it.
Text {
    id: root

    font: Metrics.body
    color: Theme.text
    textFormat: Text.PlainText
    elide: Text.ElideRight
    verticalAlignment: Text.AlignVCenter

    Accessible.role: Accessible.StaticText
    Accessible.name: root.text
    Accessible.ignored: !root.visible || root.text === ""
}
