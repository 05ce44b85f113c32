// Folders by descriptor: between two looks at a path another user may swap what
// is there, if a folder on the way is that user's.
//
//   const FolderRights rights = {.mode = 0700, .user = 7, .group = 7};
//   LB_RETURN_IF_ERROR(MakeFolder(path, rights));
//   LB_ASSIGN_OR_RETURN(const auto folder, OpenOwnFolder(path));
//
// Links on the way to a folder are followed. So is a folder's own name, if it
// is a link that root or the process's user made; one of another user is not.
#ifndef LB_IO_POSIX_FOLDER_H_
#define LB_IO_POSIX_FOLDER_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/io/posix/file_descriptor.h"

namespace lb::io {

struct FolderRights {
  mode_t mode = 0700;
  uid_t user = 0;
  gid_t group = 0;
};

// Makes the folder with these rights, and, mode 0755 and for the process's own
// user, what is missing above it. What is there already, whatever it is, stays
// as it is; only the folder that this call made is given away. Unavailable,
// ResourceExhausted: the system refused.
absl::Status MakeFolder(const std::string& path, const FolderRights& rights);

// Opens a folder that no other user may write. PermissionDenied: it belongs to
// another user, or its group or others may write there; the text says how to
// repair it. Unavailable: it is no folder, or cannot be opened.
absl::StatusOr<FileDescriptor> OpenOwnFolder(const std::string& path);

}  // namespace lb::io

#endif  // LB_IO_POSIX_FOLDER_H_
