/** A lock that replicas and tools acquire in turn. */
export interface AdvisoryLock {
  readonly key: number;
  readonly name: string;
  /** Who else acquires it. */
  readonly others: string;
}

/** Around migrate and seed. Its key is "zarpe" in ASCII. */
export const BOOT_LOCK: AdvisoryLock = {
  key: 0x7a_61_72_70_65,
  name: 'boot lock',
  others: 'Another replica is migrating or seeding',
};
/** The lock of Prisma's schema engine, which `prisma migrate` acquires too. */
export const PRISMA_LOCK: AdvisoryLock = {
  key: 72707369,
  name: 'Prisma migration lock',
  others: 'Another tool, such as `prisma migrate`, is migrating this database',
};
