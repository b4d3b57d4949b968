/** Something prepared ahead of time for one use. Disposing removes it, used or not. */
export interface WarmMember extends AsyncDisposable {
  /** Whether it can still serve. */
  readonly isAlive: boolean;
}

/** A member of the pool for one use. Disposing removes the member and lets the pool make another. */
export interface Lease<Member extends WarmMember> extends AsyncDisposable {
  readonly member: Member;
}
