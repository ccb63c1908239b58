import java.io.FileInputStream;
import java.security.KeyStore;
import javax.net.ssl.*;

/** A server with the keys of several files, that shakes hands with one client after the other. */
class Server {
    public static void main(String[] arguments) throws Exception {
        KeyStore all = KeyStore.getInstance("PKCS12");
        all.load(null, null);
        for (String path : arguments) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new FileInputStream(path), "x".toCharArray());
            String name = store.aliases().nextElement();
            all.setKeyEntry(name, store.getKey(name, "x".toCharArray()), "x".toCharArray(), store.getCertificateChain(name));
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(all, "x".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket socket = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress());
        System.out.println("listening at " + socket.getLocalPort());
        while (true) {
            try (SSLSocket connection = (SSLSocket) socket.accept()) {
                connection.startHandshake();
                connection.getOutputStream().write("hello".getBytes());
            } catch (java.io.IOException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }
}
