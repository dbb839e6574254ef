pragma ComponentBehavior: Bound

import QtQuick
import QtQml
import dev.ostler.app

// The keys of all actions. What they are about is the service that is chosen.
Instantiator {
    id: root

    property string service: ""

    model: Actions.Quit + 1
    delegate: Shortcut {
        required property int index

        sequences: Actions.sequences(index)
        onActivated: Actions.run(index, root.service)
    }
}
