/** Debian's suites from the oldest, and the packages whose programs the lab takes from each. */
export const SUITES = {
  bookworm: ['containerd', 'runc', 'crun', 'docker.io'],
  trixie: ['containerd', 'runc'],
  sid: ['containerd', 'runc', 'crun', 'docker.io', 'docker-cli'],
};

/** The programs taken out of the packages. */
export const PROGRAMS = [
  'containerd',
  'ctr',
  'containerd-shim-runc-v2',
  'runc',
  'crun',
  'dockerd',
  'docker',
  'docker-init',
];

/** The suite whose C library and libraries all of them get: a newer one runs what was built for an older. */
export const LIBRARY_SUITE = 'sid';

/** patchelf 0.18 breaks position-independent Go programs; 0.14 does not. */
export const PATCHELF_SUITE = 'bookworm';

/** What the programs, and patchelf itself, are linked to. */
export const LIBRARIES = [
  'libblake3-0',
  'libc6',
  'libcap2',
  'libdevmapper1.02.1',
  'libgcc-s1',
  'libgcrypt20',
  'libgpg-error0',
  'libjson-c5',
  'liblz4-1',
  'liblzma5',
  'libpcre2-8-0',
  'libseccomp2',
  'libselinux1',
  'libstdc++6',
  'libsystemd0',
  'libudev1',
  'libyajl2',
  'libzstd1',
];
