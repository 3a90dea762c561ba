import Testing

@testable import FleetlogIngest

@Suite("Which file systems tell of changes")
struct MountTableTests {
  private func type(_ name: String) -> String? {
    let line = "36 35 0:300 / /mnt/with\\040space rw,noatime master:1 shared:2 - \(name) host:/x rw"
    return MountTable(text: line).silentType(
      ofDevice: MountTable.device(major: 0, minor: 300))
  }

  @Test(
    "A mount that other machines write to is silent",
    arguments: ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "fuse.sshfs", "ceph"])
  func silent(_ name: String) { #expect(type(name) == name) }

  @Test("A local file system is not", arguments: ["ext4", "btrfs", "tmpfs", "overlay", "fuseblk"])
  func local(_ name: String) { #expect(type(name) == nil) }

  @Test("An unknown device and a broken table count as local")
  func unknown() {
    #expect(MountTable(text: "1 2 x:y - -\n\n- - -\n1 2 0:5 -").silentType(ofDevice: 5) == nil)
    #expect(MountTable(text: "").silentType(ofDevice: 5) == nil)
  }

  @Test("Device numbers are put together as the kernel does")
  func device() {
    #expect(MountTable.device(major: 8, minor: 1) == 0x801)
    #expect(MountTable.device(major: 0x1234, minor: 0x56789) == 0x1000_5672_3489)
  }

  @Test("The system's own table is read")
  func current() throws {
    let device = try FileNode.at(FilePath("/proc")).get().stamp.identity.device
    #expect(MountTable.current().types[device] == "proc")
  }
}
