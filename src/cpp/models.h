#pragma once

#include <QtCore/QAbstractListModel>

// Each bridge file names the base of its model for itself: the same name in two of them would be defined twice.
using RecordsBase = QAbstractListModel;
using LogModelBase = QAbstractListModel;
