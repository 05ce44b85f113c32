// FolderEntry: decides by its name whether a file of a folder is a manifest.
//
// As for `kubectl apply -f FOLDER`, these are *.yaml, *.yml and *.json, in
// lower case, without subfolders. Unlike there, hidden files are left out:
// editors and ConfigMap volumes have them. A file that seems to be a manifest
// and is not read is named, as its author thinks that it is read.
#ifndef LB_CONFIG_FOLDER_ENTRY_H_
#define LB_CONFIG_FOLDER_ENTRY_H_

#include <cstddef>
#include <filesystem>
#include <string>

namespace lb::config {

struct FolderEntry {
  bool is_manifest = false;
  // Otherwise: manifests that are not read, itself or in the folder that it is,
  // and why.
  size_t unread_files = 0;
  std::string notice;
};

FolderEntry JudgeFolderEntry(const std::filesystem::directory_entry& entry);

}  // namespace lb::config

#endif  // LB_CONFIG_FOLDER_ENTRY_H_
