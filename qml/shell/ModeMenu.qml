import QtQuick
import QtQml
import dev.ostler.app

// All modes, the present one marked.
BaseMenu {
    id: root

    Instantiator {
        model: Supervisor.modes
        delegate: BaseMenuItem {
            required property string modelData

            text: modelData
            checkable: true
            checked: modelData === Supervisor.mode
            enabled: App.link === App.Live
            onTriggered: Supervisor.changeMode(modelData)
        }
        onObjectAdded: (index, object) => root.insertItem(index, object)
        onObjectRemoved: (index, object) => root.removeItem(object)
    }
}
