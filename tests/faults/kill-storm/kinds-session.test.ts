import { describeKinds } from '../helpers/kind-rounds.ts';

describeKinds('session');
