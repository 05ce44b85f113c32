// FolderEntry: is a file of a manifest folder a manifest, by its name?
//
// As for `kubectl apply -f FOLDER`: those named *.yaml, *.yml and *.json, in
// lower case, not those of subfolders. Unlike there, hidden files are left
// out: editors and ConfigMap volumes have them. What seems to be a manifest and
// is not read is named, as its author thinks that it is.
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
